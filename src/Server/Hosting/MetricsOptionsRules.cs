using InferenceServer.Telemetry.Metrics;
using Microsoft.Extensions.Options;

namespace InferenceServer.Server.Hosting;

/// <summary>Rules of <see cref="MetricsOptions"/> that concern several settings, or more than a range.</summary>
internal sealed class MetricsOptionsRules(ServerOptions server) : IValidateOptions<MetricsOptions>
{
    /// <summary>Finds all broken rules, not just the first.</summary>
    public ValidateOptionsResult Validate(string? name, MetricsOptions options)
    {
        var result = new ValidateOptionsResultBuilder();
        if (options.Port is { } port && port == server.Port)
        {
            result.AddError($"Metrics:Port: {port} is the server's own port, where /metrics is served anyway.");
        }

        if (options.Host is { } host && ListenAddress.Parse(host) is null)
        {
            result.AddError($"Metrics:Host: '{host}' is no IP address, 'localhost' or '*'.");
        }

        if (options.OtlpEndpoint is { } endpoint
            && !(Uri.TryCreate(endpoint, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps)))
        {
            result.AddError($"Metrics:OtlpEndpoint: '{endpoint}' is no address such as http://127.0.0.1:4317.");
        }

        return result.Build();
    }
}
