using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using InferenceServer.Server.Commands;
using InferenceServer.Server.Doctor;
using InferenceServer.Server.Hosting;
using InferenceServer.Server.Tests.Commands;
using InferenceServer.Telemetry.Power;
using Microsoft.Extensions.Configuration;

namespace InferenceServer.Server.Tests.Doctor;

public sealed class ExaminationTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("doctor-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Doctor_OfThisMachine_IsOnePageWithoutErrorsOrSecrets()
    {
        var (code, output, errors) = await CommandProcess.RunAsync([("Server__Port", "0"), ("Server__ApiKey", "SECRET"), ("HF_TOKEN", "SECRET")], "doctor");
        Assert.Equal("", errors);
        Assert.True(code is ExitCode.Ok or ExitCode.DoctorWarns, output);
        foreach (var topic in new[] { "program", "system", "memory", "libraries", "device", "chip", "settings", "model", "port", "access", "power", "service", "ulimit -l" })
        {
            Assert.Contains(output.Split('\n'), line => line.StartsWith($"ok       {topic} ", StringComparison.Ordinal) || line.StartsWith($"warning  {topic} ", StringComparison.Ordinal));
        }

        Assert.DoesNotContain("SECRET", output, StringComparison.Ordinal);
        Assert.InRange(output.Split('\n').Length, 10, 50);
    }

    [Fact]
    public async Task Doctor_OfBrokenSettings_NamesThemAll()
    {
        var (code, output, _) = await CommandProcess.RunAsync([("Server__ApiKeyFile", "/no/such/file")], "doctor", "--port", "70000");
        Assert.Equal(ExitCode.DoctorFails, code);
        Assert.Equal(2, output.Split('\n').Count(line => line.StartsWith("error    settings", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Doctor_OfAMissingModel_SaysSo()
    {
        var (code, output, _) = await CommandProcess.RunAsync([("Server__Port", "0")], "doctor", "--model", "/no/such/model.gguf");
        Assert.Equal(ExitCode.DoctorFails, code);
        Assert.Contains("error    model        /no/such/model.gguf does not exist.\n                      -> inference-server models ", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Port_OfOurServer_IsRecognized()
    {
        await using var app = await TestApp.StartAsync();
        var finding = await PortCheck.ExamineAsync(Read(("Server:Port", $"{app.Port}")), default);
        Assert.Equal(FindingLevel.Ok, finding.Level);
        Assert.EndsWith("serves tiny-chat", finding.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, "ok       model        a server runs here")]
    [InlineData(false, "error    model        ")]
    public async Task Model_ThatDoesNotFit_IsNoErrorBesideTheServerThatHasTheMemory(bool isServing, string expected)
    {
        await using var app = await TestApp.StartAsync();
        var (_, output, _) = await CommandProcess.RunAsync([("Server__Port", isServing ? $"{app.Port}" : "0")], "doctor", "--context", "16777216");
        Assert.Contains(output.Split('\n'), line => line.StartsWith(expected, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Port_OfSomebodyElse_IsAnError()
    {
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        var port = ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
        var accepting = listener.AcceptTcpClientAsync().ContinueWith(task => task.Result.Dispose(), TaskScheduler.Default);
        var finding = await PortCheck.ExamineAsync(Read(("Server:Port", $"{port}")), default);
        Assert.Equal(FindingLevel.Error, finding.Level);
        Assert.Contains("lsof", finding.Advice, StringComparison.Ordinal);
        await accepting;
    }

    [Theory]
    [InlineData("powersave", "acpi-cpufreq", "balanced", nameof(FindingLevel.Ok), nameof(FindingLevel.Warning))]
    [InlineData("powersave", "intel_pstate", "balanced", nameof(FindingLevel.Ok), nameof(FindingLevel.Ok))]
    [InlineData("schedutil", "acpi-cpufreq", "low-power", nameof(FindingLevel.Warning), nameof(FindingLevel.Ok))]
    public void Linux_ItsSettingsOfPower_AreJudged(string governor, string driver, string profile, string mode, string frequency)
    {
        Write("sys/firmware/acpi/platform_profile", profile);
        Write("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", governor);
        Write("sys/devices/system/cpu/cpu0/cpufreq/scaling_driver", driver);
        Write("etc/os-release", "ID=debian\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"");
        var checks = new LinuxChecks(_folder.FullName);
        Assert.Equal("Debian GNU/Linux 12 (bookworm)", checks.SystemName);
        Assert.Equal([mode, frequency], checks.Examine().Select(finding => finding.Level.ToString()));
    }

    [Theory]
    [InlineData("unlimited", true, nameof(FindingLevel.Ok), "unlimited")]
    [InlineData("8192", true, nameof(FindingLevel.Warning), "8 MiB")]
    [InlineData("8192", false, nameof(FindingLevel.Ok), "8 MiB")]
    [InlineData("", false, nameof(FindingLevel.Ok), "unknown")]
    public void Locking_Limited_IsAWarningIfItIsWanted(string limit, bool isWanted, string level, string text)
    {
        var finding = Examination.ExamineLocking(limit, isWanted);
        Assert.Equal(level, finding.Level.ToString());
        Assert.Contains(text, finding.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Power_ThatIsShut_IsAWarningAndNoneIsNot()
    {
        var none = new ProbedProvider("hwmon", ChannelFault.NotFound, null, []);
        var shut = new ProbedProvider("rapl", ChannelFault.Permission, "energy_uj is root's", []);
        var channel = new PowerChannel { Id = "nvml/0", Type = "gpu", Name = "GPU", Quantity = PowerQuantity.Energy, Boundary = EnergyBoundary.Gpu };
        var open = new ProbedProvider("nvml", ChannelFault.None, null, [new ProbedChannel(channel, [new ProbedSample(20, ChannelFault.None)])]);
        Assert.Equal(FindingLevel.Ok, Examination.ExaminePower([none]).Level);
        Assert.Equal(FindingLevel.Warning, Examination.ExaminePower([none, shut]).Level);
        Assert.Equal(Finding.Ok("power", "nvml: 1 channels"), Examination.ExaminePower([none, shut, open]));
    }

    [Theory]
    [InlineData("127.0.0.1", null, nameof(FindingLevel.Ok))]
    [InlineData("*", "key", nameof(FindingLevel.Ok))]
    [InlineData("*", null, nameof(FindingLevel.Warning))]
    public void Access_WithoutAKeyFromEverywhere_IsAWarning(string host, string? key, string level) =>
        Assert.Equal(level, AccessCheck.ExamineKeys(Read(("Server:Host", host), ("Server:ApiKey", key), ("Server:Insecure", "true"))).Level.ToString());

    [Theory]
    [InlineData(-1, nameof(FindingLevel.Error))]
    [InlineData(5, nameof(FindingLevel.Warning))]
    [InlineData(50, nameof(FindingLevel.Ok))]
    public void Certificate_NearItsEnd_IsTold(int days, string level)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=test", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var now = DateTimeOffset.UtcNow;
        using var certificate = request.CreateSelfSigned(now.AddDays(-2), now.AddDays(days).AddHours(1));
        var file = Path.Combine(_folder.FullName, "tls.pfx");
        File.WriteAllBytes(file, certificate.Export(X509ContentType.Pkcs12));
        Assert.Equal(level, AccessCheck.ExamineCertificate(Read(("Kestrel:Certificates:Default:Path", file)), now.AddHours(2))!.Level.ToString());
    }

    [Fact]
    public void Page_OfFindings_RemembersTheWorst()
    {
        using var text = new StringWriter();
        var page = new DoctorPage(text);
        page.Write(Finding.Warning("sleep", "after 10 minutes", "pmset"));
        page.Write(Finding.Ok("port", "free"));
        Assert.Equal(FindingLevel.Warning, page.Worst);
        Assert.Equal(["warning  sleep        after 10 minutes", "                      -> pmset", "ok       port         free", ""], text.ToString().Split(Environment.NewLine));
    }

    private static Settings Read(params (string Key, string? Value)[] settings)
    {
        var read = SettingsReader.Read(new ConfigurationBuilder().AddInMemoryCollection(settings.ToDictionary(each => each.Key, each => each.Value)).Build(), out var errors);
        Assert.Empty(errors);
        return read;
    }

    private void Write(string file, string text)
    {
        var path = Path.Combine(_folder.FullName, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text + "\n");
    }
}
