using System.Runtime.InteropServices;
using System.Security.Cryptography;
using InferenceServer.Server.Access;
using InferenceServer.Server.Commands;
using Serilog.Core;

namespace InferenceServer.Server.Hosting;

/// <summary>
/// On SIGHUP reads the settings again and takes over what can change under way: keys, limits, the certificate and the log level. Everything else wants a
/// restart. Settings with an error change nothing.
/// </summary>
internal sealed class SettingsReload : IDisposable
{
    private readonly IReadOnlyDictionary<string, string?> _commandLine;
    private readonly IConfigurationRoot _configuration;
    private readonly ApiKeys _keys;
    private readonly TlsCertificate _certificate;
    private readonly LoggingLevelSwitch _level;
    private readonly ILogger _logger;
    private readonly PosixSignalRegistration? _registration;

    /// <summary>Listens from now on; not on a terminal, where the signal means that the terminal is gone.</summary>
    /// <param name="app">Whose settings.</param>
    /// <param name="commandLine">Settings that the command line named; they still win.</param>
    public SettingsReload(WebApplication app, IReadOnlyDictionary<string, string?> commandLine)
    {
        _commandLine = commandLine;
        _configuration = (IConfigurationRoot)app.Configuration;
        _keys = app.Services.GetRequiredService<ApiKeys>();
        _certificate = app.Services.GetRequiredService<TlsCertificate>();
        _level = app.Services.GetRequiredService<LoggingLevelSwitch>();
        _logger = app.Logger;
        if (!LoadingDisplay.IsTerminal)
        {
            _registration = PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnSignal);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _registration?.Dispose();

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        try
        {
            var candidate = new ConfigurationManager();
            candidate.AddSettings(_commandLine);
            var settings = SettingsReader.Read(candidate, out var errors);
            if (errors.Count > 0)
            {
                _logger.NotReloaded(string.Join(' ', errors));
                return;
            }

            if (_certificate.IsThere != (settings.Tls.Certificate.Path is not null))
            {
                _logger.NotReloaded("Kestrel:Certificates:Default: whether connections are encrypted is decided at the start.");
                return;
            }

            _certificate.Replace(settings);
            _level.MinimumLevel = settings.Log.Level;

            // Section Serilog's levels follow the configuration by themselves.
            _configuration.Reload();
            _keys.Replace(settings);
            _logger.Reloaded();
        }
        catch (Exception e) when (e is StartupException or IOException or UnauthorizedAccessException or InvalidDataException or CryptographicException)
        {
            // A file that changed once more between check and use.
            _logger.NotReloaded(e.Message);
        }
    }
}
