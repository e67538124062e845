using System.Security.Cryptography;
using Microsoft.Extensions.Options;

namespace InferenceServer.Server.Access;

/// <summary>Rules of <see cref="TlsOptions"/>: the certificate must be one.</summary>
internal sealed class TlsOptionsRules : IValidateOptions<TlsOptions>
{
    private const string Name = "Kestrel:Certificates:Default";

    /// <summary>Finds what is wrong.</summary>
    public ValidateOptionsResult Validate(string? name, TlsOptions options)
    {
        var file = options.Certificate;
        if (file.Path is null)
        {
            return file.KeyPath is null && file.Password is null ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail($"{Name}:Path: a key without a certificate.");
        }

        try
        {
            TlsCertificate.Load(file);
            return ValidateOptionsResult.Success;
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            return ValidateOptionsResult.Fail($"{Name}: '{file.Path}'{(file.KeyPath is { } key ? $" with '{key}'" : "")} cannot be used: {e.Message}");
        }
    }
}
