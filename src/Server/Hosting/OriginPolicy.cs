using System.Net;

namespace InferenceServer.Server.Hosting;

/// <summary>Which web pages may read our answers: those of this machine, and those that are listed. Immutable; any thread.</summary>
internal sealed class OriginPolicy(IReadOnlyCollection<string> listed)
{
    private readonly HashSet<string> _listed = new(listed, StringComparer.OrdinalIgnoreCase);

    /// <summary>True for <c>http(s)://localhost</c>, <c>127.0.0.1</c>, <c>[::1]</c> on any port, and for what is listed.</summary>
    /// <param name="origin">The header's value.</param>
    public bool IsAllowed(string origin) =>
        _listed.Contains("*")
        || _listed.Contains(origin)
        || (Uri.TryCreate(origin, UriKind.Absolute, out var uri)
            && uri.Scheme is "http" or "https"
            && (uri.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
                || (IPAddress.TryParse(uri.Host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address))));
}
