using System.Net;
using InferenceServer.Server.Access;
using Microsoft.Extensions.Options;

namespace InferenceServer.Server.Hosting;

/// <summary>Rules that concern several settings, or more than a range.</summary>
internal sealed class ServerOptionsRules : IValidateOptions<ServerOptions>
{
    /// <summary>Finds all broken rules, not just the first.</summary>
    public ValidateOptionsResult Validate(string? name, ServerOptions options)
    {
        var result = new ValidateOptionsResultBuilder();
        var address = ListenAddress.Parse(options.Host);
        if (address is null)
        {
            result.AddError($"Server:Host: '{options.Host}' is no IP address, 'localhost' or '*'.");
        }
        else if (!address.IsLoopback && !options.Insecure && options.ApiKey is null && options.ApiKeyFile is null)
        {
            result.AddError($"Server:Host: listening on {options.Host} without an API key would let anyone on the network use this machine. Set --api-key-file, or --insecure if that is what you want.");
        }

        if (options.ApiKey is { } key && string.IsNullOrWhiteSpace(key))
        {
            result.AddError("Server:ApiKey: the key is empty.");
        }

        if (options.ApiKeyFile is { } file)
        {
            CheckKeyFile(file, result);
        }

        if (options.Alias is { } alias && alias.Split(',').Any(string.IsNullOrWhiteSpace))
        {
            result.AddError("Server:Alias: a name in the list is empty.");
        }

        foreach (var origin in options.AllowedOrigins)
        {
            if (origin != "*" && !(Uri.TryCreate(origin, UriKind.Absolute, out var uri) && origin == uri.GetLeftPart(UriPartial.Authority)))
            {
                result.AddError($"Server:AllowedOrigins: '{origin}' is no origin such as https://chat.example or http://192.168.1.5:3000 (no path, no slash at the end).");
            }
        }

        foreach (var host in options.AllowedHosts)
        {
            if (host != "*" && (Uri.CheckHostName(host) == UriHostNameType.Unknown || (host.Contains(':') && !IPAddress.TryParse(host, out _))))
            {
                result.AddError($"Server:AllowedHosts: '{host}' is no host name (without scheme and port).");
            }
        }

        return result.Build();
    }

    private static void CheckKeyFile(string file, ValidateOptionsResultBuilder result)
    {
        try
        {
            var errors = new List<string>();
            var keys = KeyFile.Read(file, errors);
            foreach (var error in errors)
            {
                result.AddError($"Server:ApiKeyFile: '{file}', {error}");
            }

            if (keys.Count == 0 && errors.Count == 0)
            {
                result.AddError($"Server:ApiKeyFile: '{file}' holds no key.");
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            var denial = e is UnauthorizedAccessException ? FileDenial.Explain(Path.GetFullPath(file)) : null;
            result.AddError($"Server:ApiKeyFile: cannot read '{file}': {(denial is null ? e.Message : $"{denial} It must belong to whoever serves: sudo chown {Environment.UserName} {file}")}");
        }
    }
}
