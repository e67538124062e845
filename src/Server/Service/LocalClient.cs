using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using InferenceServer.Server.Access;
using InferenceServer.Server.Hosting;

namespace InferenceServer.Server.Service;

/// <summary>A client of a server on this machine, by the server's own settings.</summary>
internal static class LocalClient
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Where a client on this machine reaches the server; null if it takes any port.</summary>
    public static Uri? AddressOf(Settings settings)
    {
        var address = ListenAddress.Parse(settings.Server.Host)!.Address;
        var isAny = address is null || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);
        var host = isAny ? "127.0.0.1" : address!.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{address}]" : address.ToString();
        var scheme = settings.Tls.Certificate.Path is null ? Uri.UriSchemeHttp : Uri.UriSchemeHttps;
        return settings.Server.Port == 0 ? null : new Uri(string.Create(CultureInfo.InvariantCulture, $"{scheme}://{host}:{settings.Server.Port}"));
    }

    /// <summary>For the settings' address, key and certificate; null if the address is any free port.</summary>
    public static HttpClient? Create(Settings settings) =>
        AddressOf(settings) is { } address ? Create(address, settings, Patience) : null;

    /// <summary>For another address.</summary>
    /// <param name="address">Of the server; its scheme is chosen here.</param>
    /// <param name="settings">Key and certificate.</param>
    /// <param name="patience">For each request.</param>
    public static HttpClient Create(Uri address, Settings settings, TimeSpan patience)
    {
        var handler = new SocketsHttpHandler { UseProxy = false };
        if (settings.Tls.Certificate.Path is not null)
        {
            // The certificate is for the name that others use; here it is enough that it is the one of the settings.
            address = new UriBuilder(address) { Scheme = Uri.UriSchemeHttps }.Uri;
            var expected = TlsCertificate.Load(settings.Tls.Certificate).TargetCertificate.GetCertHashString();
            handler.SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate?.GetCertHashString() == expected };
        }

        var client = new HttpClient(handler) { BaseAddress = address, Timeout = patience };
        if (settings.Server.ApiKey is { } key)
        {
            client.DefaultRequestHeaders.Authorization = new("Bearer", key.Trim());
        }

        return client;
    }

    /// <summary>True if <c>/readyz</c> says that requests are answered.</summary>
    /// <param name="settings">Of the server.</param>
    /// <param name="cancellationToken">To wait no longer.</param>
    public static async Task<bool> IsReadyAsync(Settings settings, CancellationToken cancellationToken)
    {
        using var client = Create(settings);
        try
        {
            using var response = client is null ? null : await client.GetAsync("/readyz", cancellationToken);
            return response?.StatusCode == HttpStatusCode.OK;
        }
        catch (Exception e) when (e is HttpRequestException || (e is TaskCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }
}
