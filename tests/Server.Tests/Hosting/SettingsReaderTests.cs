using InferenceServer.Inference;
using InferenceServer.Server.Hosting;
using Microsoft.Extensions.Configuration;

namespace InferenceServer.Server.Tests.Hosting;

public sealed class SettingsReaderTests
{
    [Fact]
    public void Read_Nothing_GivesDefaultsWithoutErrors()
    {
        var settings = Read(out var errors);
        Assert.Empty(errors);
        Assert.Equal(("127.0.0.1", 8080), (settings.Server.Host, settings.Server.Port));
        Assert.Equal(32_768, settings.Inference.Context);
    }

    [Fact]
    public void Read_EveryKindOfValue_BindsIt()
    {
        var settings = Read(
            out var errors,
            ("Server:Port", "0"),
            ("Server:Insecure", "TRUE"),
            ("Server:AllowedHosts:0", "box.lan"),
            ("server:allowedorigins:0", "*"),
            ("Inference:KvCacheType", "q8_0"),
            ("Inference:Threads", "3"),
            ("Inference:GpuLayers", ""),
            ("Inference:Sampling:Temperature", "0.5"));
        Assert.Empty(errors);
        Assert.Equal(0, settings.Server.Port);
        Assert.True(settings.Server.Insecure);
        Assert.Equal(["box.lan"], settings.Server.AllowedHosts);
        Assert.Equal(["*"], settings.Server.AllowedOrigins);
        Assert.Equal(KvCacheType.Q8_0, settings.Inference.KvCacheType);
        Assert.Equal(3, settings.Inference.Threads);
        Assert.Null(settings.Inference.GpuLayers);
        Assert.Equal(0.5f, settings.Inference.Sampling.Temperature);
    }

    [Fact]
    public void Read_ManyFaults_ReportsThemAllAtOnce()
    {
        Read(
            out var errors,
            ("Server:Prot", "1"),
            ("Server:Port", "70000"),
            ("Server:Host", "example.com"),
            ("Server:Insecure", "maybe"),
            ("Server:AllowedOrigins", "https://a.example"),
            ("Server:ApiKeyFile", "/no/such/file"),
            ("Inference:Parallel", "0"),
            ("Inference:Context", "a lot"),
            ("Inference:KvCacheType", "f64"),
            ("Inference:Sampling:Temprature", "1"),
            ("Inference:Sampling:TopP", "2"),
            ("Inference:Whatever", "1"),
            ("Elsewhere:Whatever", "1"));
        Assert.Equal(12, errors.Count);
        Assert.All(errors, error => Assert.DoesNotContain('\n', error));
        Expect("Server:Prot", "Did you mean Server:Port?");
        Expect("Server:Port", "65535");
        Expect("Server:Host", "'example.com'");
        Expect("Server:Insecure", "true or false");
        Expect("Server:AllowedOrigins", "Server:AllowedOrigins:0");
        Expect("Server:ApiKeyFile", "/no/such/file");
        Expect("Parallel", "128");
        Expect("Inference:Context", "'a lot' is not a whole number");
        Expect("Inference:KvCacheType", "f16, bf16, q8_0, q4_0");
        Expect("Inference:Sampling:Temprature", "Did you mean Inference:Sampling:Temperature?");
        Expect("TopP", "between 0 and 1");
        Expect("Inference:Whatever", "unknown setting.");

        void Expect(string key, string text) => Assert.Single(
            errors, error => error.Contains(key, StringComparison.Ordinal) && error.Contains(text, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("0.0.0.0", false, false, false)]
    [InlineData("*", false, false, false)]
    [InlineData("192.168.1.5", false, false, false)]
    [InlineData("::", false, false, false)]
    [InlineData("0.0.0.0", true, false, true)]
    [InlineData("0.0.0.0", false, true, true)]
    [InlineData("127.0.0.1", false, false, true)]
    [InlineData("127.5.5.5", false, false, true)]
    [InlineData("::1", false, false, true)]
    [InlineData("localhost", false, false, true)]
    public void Read_HostBeyondLoopback_NeedsKeyOrInsecure(string host, bool insecure, bool key, bool isFine)
    {
        Read(out var errors, ("Server:Host", host), ("Server:Insecure", insecure.ToString()), ("Server:ApiKey", key ? "secret" : null));
        Assert.Equal(isFine, errors.Count == 0);
        Assert.All(errors, error => Assert.Contains("--insecure", error, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Server:Alias", "a,,b")]
    [InlineData("Server:ApiKey", "  ")]
    [InlineData("Server:AllowedOrigins:0", "https://a.example/")]
    [InlineData("Server:AllowedOrigins:0", "a.example")]
    [InlineData("Server:AllowedHosts:0", "http://a.example")]
    [InlineData("Server:AllowedHosts:0", "a.example:80")]
    [InlineData("Server:Port:Number", "80")]
    public void Read_BrokenRule_IsReportedByKey(string key, string value)
    {
        Read(out var errors, (key, value));
        Assert.StartsWith(string.Join(':', key.Split(':')[..2]), Assert.Single(errors), StringComparison.Ordinal);
    }

    [Fact]
    public void Sources_AllSet_CommandLineWinsThenEnvironmentThenFile()
    {
        var folder = Directory.CreateTempSubdirectory();
        var before = Environment.CurrentDirectory;
        try
        {
            File.WriteAllText(
                Path.Combine(folder.FullName, "appsettings.json"),
                """{"Server":{"Port":1,"Alias":"file","ApiKey":"file","Host":null},"Inference":{"Threads":1}}""");
            Environment.CurrentDirectory = folder.FullName;
            Environment.SetEnvironmentVariable("Server__Alias", "environment");
            Environment.SetEnvironmentVariable("SERVER__APIKEY", "environment");
            var builder = new ConfigurationBuilder();
            builder.AddSettings(new Dictionary<string, string?> { ["Server:ApiKey"] = "line" });
            var settings = SettingsReader.Read(builder.Build(), out var errors);
            Assert.Empty(errors);
            Assert.Equal((1, "environment", "line", 1), (settings.Server.Port, settings.Server.Alias, settings.Server.ApiKey, settings.Inference.Threads));
            Assert.Equal("127.0.0.1", settings.Server.Host);
        }
        finally
        {
            Environment.CurrentDirectory = before;
            Environment.SetEnvironmentVariable("Server__Alias", null);
            Environment.SetEnvironmentVariable("SERVER__APIKEY", null);
            folder.Delete(recursive: true);
        }
    }

    private static Settings Read(out IReadOnlyList<string> errors, params (string Key, string? Value)[] values)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(values.Select(value => KeyValuePair.Create(value.Key, value.Value))).Build();
        return SettingsReader.Read(configuration, out errors);
    }
}
