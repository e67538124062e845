using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using InferenceServer.Server.Hosting;
using InferenceServer.Server.Service;
using Microsoft.Extensions.Configuration;

namespace InferenceServer.Server.Tests.Service;

/// <summary>A server on this machine, asked by whoever has its settings.</summary>
public sealed class LocalClientTests : IDisposable
{
    private const string PathSetting = "Kestrel:Certificates:Default:Path";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("local-client-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Ready_OfAServerWithACertificate_IsSeenByItsSettingsOnly()
    {
        var (own, other) = (MakeCertificate("own"), MakeCertificate("other"));
        await using var app = await TestApp.StartAsync((PathSetting, own), ("Server:ApiKey", "secret"));
        Assert.True(await LocalClient.IsReadyAsync(Read(app, (PathSetting, own)), default));
        Assert.False(await LocalClient.IsReadyAsync(Read(app, (PathSetting, other)), default));
        Assert.False(await LocalClient.IsReadyAsync(Read(app), default));
    }

    [Fact]
    public async Task Client_WithTheKeyOfTheSettings_IsLetIn()
    {
        await using var app = await TestApp.StartAsync(("Server:ApiKey", "secret"));
        foreach (var (key, expected) in new[] { ("secret", HttpStatusCode.OK), ("another", HttpStatusCode.Unauthorized) })
        {
            using var client = LocalClient.Create(Read(app, ("Server:ApiKey", key)))!;
            using var response = await client.GetAsync("/v1/models");
            Assert.Equal(expected, response.StatusCode);
        }
    }

    [Fact]
    public async Task Ready_WhereNobodyListensOrThePortIsOpen_IsFalse()
    {
        Settings settings;
        await using (var app = await TestApp.StartAsync())
        {
            settings = Read(app);
            Assert.True(await LocalClient.IsReadyAsync(settings, default));
        }

        Assert.False(await LocalClient.IsReadyAsync(settings, default));
        Assert.False(await LocalClient.IsReadyAsync(settings with { Server = Read(0).Server }, default));
    }

    private static Settings Read(TestApp app, params (string Key, string Value)[] more) => Read(app.Port, more);

    private static Settings Read(int port, params (string Key, string Value)[] more)
    {
        var values = more.Append(("Server:Port", $"{port}")).ToDictionary(pair => pair.Item1, pair => (string?)pair.Item2);
        var settings = SettingsReader.Read(new ConfigurationBuilder().AddInMemoryCollection(values).Build(), out var errors);
        Assert.Empty(errors);
        return settings;
    }

    private string MakeCertificate(string name)
    {
        using var key = ECDsa.Create();
        using var certificate = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.Now.AddDays(-1), DateTimeOffset.Now.AddDays(1));
        var path = Path.Combine(_folder.FullName, $"{name}.p12");
        File.WriteAllBytes(path, certificate.Export(X509ContentType.Pkcs12));
        return path;
    }
}
