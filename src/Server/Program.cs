using InferenceServer.Server.Access;
using InferenceServer.Server.Commands;
using InferenceServer.Server.Hosting;
using InferenceServer.Server.Rehearsal;
using Serilog.Core;

return (int)await ServerCommand.InvokeAsync(args, RunAsync);

static async Task RunAsync(IReadOnlyDictionary<string, string?> commandLine, CancellationToken cancellationToken)
{
    var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
    builder.Configuration.AddSettings(commandLine);
    var settings = SettingsReader.Read(builder.Configuration, out var errors);
    if (errors.Count > 0)
    {
        throw new StartupException(ExitCode.BadOptions, string.Join('\n', errors));
    }

    var level = new LoggingLevelSwitch(settings.Log.Level);
    using var log = Logging.Create(builder.Configuration, settings.Log, level);
    builder.Logging.AddServerLogging(log, level);
    if (settings.Server.WaitAtStart && !await StartPatience.WaitAsync(settings, log))
    {
        return;
    }

    var model = ModelReader.Read(settings);
    builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.ConfigureListening(settings));
    builder.Services.AddEngine();

    await using var app = ServerApplication.Create(builder, settings, model);
    using var signals = new StopSignals(app.Services.GetRequiredService<Drain>());
    using var reload = new SettingsReload(app, commandLine);
    WarnOfExposure(app.Logger, commandLine, settings.Server);
    if (app.Services.GetRequiredService<TlsCertificate>().ExpiresAt is { } end && end < DateTimeOffset.Now + TlsCertificate.Notice)
    {
        app.Logger.CertificateExpires(end);
    }

    await app.StartListeningAsync(settings, cancellationToken);
    Console.Write(Welcome.Text(app.ClientAddress(), model, needsKey: !app.Services.GetRequiredService<ApiKeys>().IsOpen));
    app.Services.GetRequiredService<EngineStarter>().Start();
    _ = Task.Run(() => HttpRehearsal.RunAsync(settings, model), cancellationToken);
    await app.WaitForShutdownAsync(cancellationToken);
    app.Services.GetRequiredService<ProcessOutcome>().ThrowIfFailed();
}

static void WarnOfExposure(ILogger logger, IReadOnlyDictionary<string, string?> commandLine, ServerOptions options)
{
    if (commandLine.ContainsKey("Server:ApiKey"))
    {
        logger.KeyIsVisible();
    }

    if (options is { ApiKey: null, ApiKeyFile: null } && !ListenAddress.Parse(options.Host)!.IsLoopback)
    {
        logger.OpenToNetwork(options.Host);
    }
}
