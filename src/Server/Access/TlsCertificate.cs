using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using InferenceServer.Server.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace InferenceServer.Server.Access;

/// <summary>The certificate that new connections are shown. Any thread.</summary>
internal sealed class TlsCertificate
{
    /// <summary>An end that is nearer than this is worth a warning.</summary>
    public static readonly TimeSpan Notice = TimeSpan.FromDays(14);

    private volatile SslStreamCertificateContext? _current;

    /// <summary>The certificate of settings, which were validated. Throws what <see cref="Load"/> throws.</summary>
    public TlsCertificate(Settings settings) => Replace(settings);

    /// <summary>True if connections are encrypted.</summary>
    public bool IsThere => _current is not null;

    /// <summary>When it expires; null without one.</summary>
    public DateTimeOffset? ExpiresAt => _current is { } context ? new DateTimeOffset(context.TargetCertificate.NotAfter) : null;

    /// <summary>Takes over the certificate of other settings; connections that are open go on. Whether there is one at all is decided at the start.</summary>
    public void Replace(Settings settings) => _current = settings.Tls.Certificate.Path is null ? null : Load(settings.Tls.Certificate);

    /// <summary>For the web server.</summary>
    public TlsHandshakeCallbackOptions ToHandshake() =>
        new() { OnConnection = _ => ValueTask.FromResult(new SslServerAuthenticationOptions { ServerCertificateContext = _current }) };

    /// <summary>Reads a certificate. Throws <see cref="CryptographicException"/> over what is in the files, and what reading a file throws.</summary>
    public static SslStreamCertificateContext Load(TlsOptions.CertificateFile file)
    {
        var chain = new X509Certificate2Collection();
        X509Certificate2 certificate;
        if (file.KeyPath is null)
        {
            chain = X509CertificateLoader.LoadPkcs12CollectionFromFile(file.Path!, file.Password);
            certificate = chain.FirstOrDefault(each => each.HasPrivateKey) ?? throw new CryptographicException("There is no private key in it.");
        }
        else
        {
            certificate = file.Password is { } password
                ? X509Certificate2.CreateFromEncryptedPemFile(file.Path!, password, file.KeyPath)
                : X509Certificate2.CreateFromPemFile(file.Path!, file.KeyPath);
            chain.ImportFromPemFile(file.Path!);
        }

        return SslStreamCertificateContext.Create(certificate, chain, offline: true);
    }
}
