using System.Net;

namespace InferenceServer.Server.Hosting;

/// <summary>Where to listen.</summary>
/// <param name="Address">The address; null means every address of the machine, IPv4 and IPv6.</param>
/// <param name="IsLocalhost">Both loopback addresses.</param>
internal sealed record ListenAddress(IPAddress? Address, bool IsLocalhost)
{
    /// <summary>True when only this machine can connect.</summary>
    public bool IsLoopback => IsLocalhost || (Address is not null && IPAddress.IsLoopback(Address));

    /// <summary>Reads <see cref="ServerOptions.Host"/>; null if it is no address.</summary>
    public static ListenAddress? Parse(string host) => host switch
    {
        "localhost" => new ListenAddress(null, IsLocalhost: true),
        "*" or "+" => new ListenAddress(null, IsLocalhost: false),
        _ => IPAddress.TryParse(host, out var address) ? new ListenAddress(address, IsLocalhost: false) : null,
    };
}
