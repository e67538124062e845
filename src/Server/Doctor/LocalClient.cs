using System.Net.Security;
using InferenceServer.Server.Access;
using InferenceServer.Server.Hosting;
using InferenceServer.Server.Service;

namespace InferenceServer.Server.Doctor;

/// <summary>A client of a server on this machine, by the server's own settings.</summary>
internal static class LocalClient
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>For the settings' address, key and certificate; null if the address is any free port.</summary>
    public static HttpClient? Create(Settings settings) =>
        ServiceFiles.AddressOf(settings.Server) is { } address ? Create(address, settings, Patience) : null;

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
}
