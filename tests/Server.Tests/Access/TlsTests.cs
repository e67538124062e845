using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using InferenceServer.Server.Access;
using InferenceServer.Server.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace InferenceServer.Server.Tests.Access;

/// <summary>Encrypted connections, with certificates made here.</summary>
public sealed class TlsTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tls-");

    private string Certificate => Path.Combine(_folder.FullName, "server.pem");

    private string Key => Path.Combine(_folder.FullName, "server.key");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Connection_WithACertificate_IsEncryptedAndStreams(string version)
    {
        using var certificate = Make("first");
        Write(certificate);
        await using var app = await TestApp.StartAsync(("Kestrel:Certificates:Default:Path", Certificate), ("Kestrel:Certificates:Default:KeyPath", Key));
        Assert.StartsWith("https://", app.Address, StringComparison.Ordinal);
        using var client = Client(app, certificate);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = new StringContent("""{"messages":[{"role":"user","content":"Hi"}],"stream":true}"""),
            Version = new Version(version),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        using var response = await client.SendAsync(request);
        Assert.Equal((HttpStatusCode.OK, new Version(version)), (response.StatusCode, response.Version));
        Assert.EndsWith("data: [DONE]\n\n", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connection_InTheClear_GetsNothingFromAnEncryptedPort()
    {
        using var certificate = Make("first");
        Write(certificate);
        await using var app = await TestApp.StartAsync(("Kestrel:Certificates:Default:Path", Certificate), ("Kestrel:Certificates:Default:KeyPath", Key));
        using var client = new HttpClient { Timeout = TestApp.Patience };
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => client.GetAsync(new Uri($"http://127.0.0.1:{app.Port}/health")));
    }

    [Fact]
    public async Task Certificate_Renewed_IsShownToNewConnections()
    {
        using var first = Make("first");
        using var second = Make("second");
        Write(first);
        await using var app = await TestApp.StartAsync(("Kestrel:Certificates:Default:Path", Certificate), ("Kestrel:Certificates:Default:KeyPath", Key));
        using (var client = Client(app, first))
        {
            using var response = await client.GetAsync("/health");
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }

        Write(second);
        app.Services.GetRequiredService<TlsCertificate>().Replace(app.Services.GetRequiredService<Settings>());
        using (var client = Client(app, second))
        {
            using var response = await client.GetAsync("/health");
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData("password")]
    public void Certificate_InOneFile_IsRead(string? password)
    {
        using var certificate = Make("first");
        File.WriteAllBytes(Certificate, certificate.Export(X509ContentType.Pkcs12, password));
        var context = TlsCertificate.Load(new TlsOptions.CertificateFile { Path = Certificate, Password = password });
        Assert.Equal(certificate.Thumbprint, context.TargetCertificate.Thumbprint);
    }

    [Fact]
    public void Certificate_WithThoseThatVouchForIt_ShowsThemToo()
    {
        using var root = Make("root", isAuthority: true);
        using var middleKey = RSA.Create(2048);
        using var key = RSA.Create(2048);
        using var middle = Sign("middle", middleKey, root, isAuthority: true).CopyWithPrivateKey(middleKey);
        using var leaf = Sign("leaf", key, middle, isAuthority: false);
        File.WriteAllText(Certificate, leaf.ExportCertificatePem() + "\n" + middle.ExportCertificatePem());
        File.WriteAllText(Key, key.ExportEncryptedPkcs8PrivateKeyPem("password", new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000)));
        var context = TlsCertificate.Load(new TlsOptions.CertificateFile { Path = Certificate, KeyPath = Key, Password = "password" });
        Assert.Equal("CN=leaf", context.TargetCertificate.Subject);
        Assert.Contains(context.IntermediateCertificates, each => each.Subject == "CN=middle");
    }

    [Theory]
    [InlineData("Path", "no-such-file", "cannot be used")]
    [InlineData("KeyPath", "no-such-file", "a key without a certificate")]
    [InlineData("Subject", "localhost", "unknown setting")]
    public void Certificate_Unusable_IsNamed(string name, string value, string expected)
    {
        var builder = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { [$"Kestrel:Certificates:Default:{name}"] = value });
        SettingsReader.Read(builder.Build(), out var errors);
        Assert.Contains(expected, Assert.Single(errors), StringComparison.Ordinal);
    }

    [Fact]
    public void Endpoints_InTheWebServersWords_AreNoWayAroundTheKey()
    {
        var builder = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { ["Kestrel:Endpoints:Http:Url"] = "http://*:80" });
        SettingsReader.Read(builder.Build(), out var errors);
        Assert.StartsWith("Kestrel:Endpoints: unknown setting", Assert.Single(errors), StringComparison.Ordinal);
    }

    private static X509Certificate2 Sign(string name, RSA key, X509Certificate2 by, bool isAuthority)
    {
        var request = new CertificateRequest("CN=" + name, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, true));
        return request.Create(by, by.NotBefore, by.NotAfter, [1, 2, 3]);
    }

    private static X509Certificate2 Make(string name, bool isAuthority = false)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=" + name, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, true));
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(30));
    }

    private void Write(X509Certificate2 certificate)
    {
        using var key = certificate.GetRSAPrivateKey()!;
        File.WriteAllText(Certificate, certificate.ExportCertificatePem());
        File.WriteAllText(Key, key.ExportPkcs8PrivateKeyPem());
    }

    // Trusts one certificate and no other.
    private static HttpClient Client(TestApp app, X509Certificate2 expected)
    {
        var handler = new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate!.GetCertHashString() == expected.GetCertHashString(),
            },
        };
        return new HttpClient(handler) { BaseAddress = new Uri(app.Address), Timeout = TestApp.Patience };
    }
}
