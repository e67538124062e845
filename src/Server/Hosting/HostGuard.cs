using System.Net;
using InferenceServer.Server.Access;
using InferenceServer.Server.Endpoints;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Hosting;

/// <summary>
/// Without a key, any web page the user visits could try to talk to this server: by a name of its own that resolves to
/// 127.0.0.1 (DNS rebinding), or by simply posting here. So the Host must be one that is ours, and an Origin, if there is one,
/// one that is allowed. With a key the key decides.
/// </summary>
internal sealed class HostGuard(RequestDelegate next, ApiKeys keys, OriginPolicy origins, Settings settings)
{
    private readonly HashSet<string> _listed = new(settings.Server.AllowedHosts, StringComparer.OrdinalIgnoreCase);

    /// <summary>Refuses, or runs the rest of the pipeline.</summary>
    public Task InvokeAsync(HttpContext context)
    {
        if (!keys.IsOpen || Metrics.IsOnOwnPort(context, settings.Metrics))
        {
            return next(context);
        }

        var host = context.Request.Host;
        if (!IsOurs(host.Host))
        {
            return context.WriteErrorAsync(RequestError.Forbidden(
                $"This server does not answer to the host name '{host.Host}'. List it under Server:AllowedHosts, or set an API key."));
        }

        var origin = context.Request.Headers.Origin.ToString();
        if (origin.Length > 0 && !origins.IsAllowed(origin) && !IsSameOrigin(origin, host))
        {
            return context.WriteErrorAsync(RequestError.Forbidden(
                $"This server does not answer web pages of '{origin}'. List it under Server:AllowedOrigins, or set an API key."));
        }

        return next(context);
    }

    // A page that this server, or a proxy in front of it, served under a name that is ours.
    private static bool IsSameOrigin(string origin, HostString host) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var uri) && string.Equals(uri.Authority, host.Value, StringComparison.OrdinalIgnoreCase);

    private bool IsOurs(string host)
    {
        host = host.TrimEnd('.');
        if (_listed.Contains("*") || _listed.Contains(host))
        {
            return true;
        }

        if (IPAddress.TryParse(host.Trim('[', ']'), out var address))
        {
            // An address cannot be rebound. Beyond loopback it can only arrive where the operator said --insecure.
            return IPAddress.IsLoopback(address) || settings.Server.Insecure;
        }

        return host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
            || host.Equals("host.docker.internal", StringComparison.OrdinalIgnoreCase);
    }
}
