using System.Net;
using System.Net.Sockets;
using InferenceServer.Server.Access;
using InferenceServer.Server.Commands;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace InferenceServer.Server.Hosting;

/// <summary>The web server's address and limits.</summary>
internal static class Listening
{
    // A stream's reader may pause, in a debugger or on a sleeping laptop, without losing its answer: Kestrel's default drops it
    // after 5 s. One that takes nothing for this long, with its buffers full, is not coming back.
    private static readonly MinDataRate MinResponseRate = new(bytesPerSecond: 240, gracePeriod: TimeSpan.FromMinutes(5));

    /// <summary>Sets Kestrel up.</summary>
    public static void ConfigureListening(this KestrelServerOptions kestrel, Settings settings)
    {
        var certificate = kestrel.ApplicationServices.GetRequiredService<TlsCertificate>();
        kestrel.ConfigureEndpointDefaults(endpoint =>
        {
            if (certificate.IsThere)
            {
                endpoint.UseHttps(certificate.ToHandshake());
            }
        });
        var options = settings.Server;
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = options.MaxRequestBodyBytes;
        kestrel.Limits.MaxRequestHeadersTotalSize = options.MaxRequestHeaderBytes;
        kestrel.Limits.MaxConcurrentConnections = options.MaxConnections;
        kestrel.Limits.MinResponseDataRate = MinResponseRate;
        kestrel.Listen(options.Host, options.Port);
        if (settings.Metrics is { Enabled: true, Port: { } port })
        {
            kestrel.Listen(settings.Metrics.Host ?? options.Host, port);
        }
    }

    /// <summary>Opens the port. Throws <see cref="StartupException"/>.</summary>
    public static async Task StartListeningAsync(this WebApplication app, Settings settings, CancellationToken cancellationToken)
    {
        var options = settings.Server;
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch (IOException e) when (e.InnerException is AddressInUseException)
        {
            var other = settings.Metrics.Port is { } port ? $" (or port {port}, Metrics:Port)" : "";
            throw new StartupException(ExitCode.CannotListen, $"Port {options.Port} of {options.Host}{other} is taken. Choose another with --port.");
        }
        catch (Exception e) when ((e as SocketException ?? e.InnerException as SocketException) is { } socket)
        {
            throw new StartupException(ExitCode.CannotListen, $"Cannot listen on port {options.Port} of {options.Host}: {socket.Message}.");
        }
    }

    /// <summary>Which of the ports somebody else has, as a line's beginning; null if all are free.</summary>
    public static string? FindTakenPort(Settings settings)
    {
        var options = settings.Server;
        return IsTaken(options.Host, options.Port) ? Describe(options.Host, options.Port)
            : settings.Metrics is { Enabled: true, Port: { } port } && IsTaken(settings.Metrics.Host ?? options.Host, port) ? Describe(settings.Metrics.Host ?? options.Host, port)
            : null;
    }

    private static string Describe(string host, int port) => $"port {port} of {host} is taken";

    // Bound and let go at once. What else may be wrong with an address is found when it is listened on.
    private static bool IsTaken(string host, int port)
    {
        var address = ListenAddress.Parse(host)!;
        IPAddress[] all = address.Address is { } ip ? [ip] : address.IsLocalhost ? [IPAddress.Loopback, IPAddress.IPv6Loopback] : [IPAddress.IPv6Any];
        return port != 0 && all.Any(one => IsTaken(new IPEndPoint(one, port)));
    }

    private static bool IsTaken(IPEndPoint endpoint)
    {
        try
        {
            using var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            if (endpoint.Address.Equals(IPAddress.IPv6Any))
            {
                socket.DualMode = true;
            }

            socket.Bind(endpoint);
            socket.Listen();
            return false;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode == SocketError.AddressAlreadyInUse;
        }
    }

    /// <summary>The address as a client on this machine writes it.</summary>
    public static string ClientAddress(this WebApplication app)
    {
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return address.Replace("[::]", "localhost", StringComparison.Ordinal).Replace("0.0.0.0", "localhost", StringComparison.Ordinal).TrimEnd('/');
    }

    private static void Listen(this KestrelServerOptions kestrel, string host, int port)
    {
        var address = ListenAddress.Parse(host)!;
        if (address.Address is { } ip)
        {
            kestrel.Listen(ip, port);
        }
        else if (address.IsLocalhost && port != 0)
        {
            kestrel.ListenLocalhost(port);
        }
        else if (address.IsLocalhost)
        {
            // Two addresses cannot be promised the same free port.
            kestrel.Listen(IPAddress.Loopback, 0);
        }
        else
        {
            kestrel.ListenAnyIP(port);
        }
    }
}
