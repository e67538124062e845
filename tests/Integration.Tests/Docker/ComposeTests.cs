using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using InferenceServer.Server.Hosting;
using InferenceServer.Testing;
using Microsoft.Extensions.Configuration;
using YamlDotNet.Serialization;

namespace InferenceServer.Integration.Tests.Docker;

/// <summary>What can be known of the compose files without an engine: their grammar, and whether what they name is there.</summary>
public sealed class ComposeTests
{
    private static readonly NodeFolder Linters = new("Docker");
    private static readonly string Folder = Path.Combine(RepositoryFiles.Root, "docker");

    public static TheoryData<string> Files => ["compose.yml", "compose.cuda.yml", "compose.mac.yml"];

    [SkippableTheory]
    [MemberData(nameof(Files))]
    public async Task File_FollowsTheGrammarOfComposeFiles(string file)
    {
        await Linters.InstallAsync();
        var (code, output, errors) = await LintAsync(Path.Combine(Folder, file));
        Assert.True(code == 0, output + errors);
    }

    [SkippableFact]
    public async Task File_WithAMistake_IsFoundByTheLinter()
    {
        await Linters.InstallAsync();
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            var file = Path.Combine(folder.FullName, "compose.yml");
            await File.WriteAllTextAsync(file, (await File.ReadAllTextAsync(Path.Combine(Folder, "compose.yml"))).Replace("read_only: true", "read_onyl: true", StringComparison.Ordinal));
            var (code, output, errors) = await LintAsync(file);
            Assert.Equal(1, code);
            Assert.Contains("invalid-schema", output + errors, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Services_ArePinnedPublishedOnThisMachineOnlyAndMountWhatIsThere(string file)
    {
        var compose = Read(file);
        var named = compose.TryGetValue("volumes", out var volumes) ? Map(volumes).Keys.Select(key => (string)key).ToHashSet() : [];
        foreach (var service in Map(compose["services"]).Values.Select(Map))
        {
            Assert.All(List(service, "ports"), port => Assert.StartsWith("127.0.0.1:", port, StringComparison.Ordinal));
            Assert.True(!service.TryGetValue("image", out var image) || Regex.IsMatch((string)image, @":v?\d+\.\d+\.\d+$"));
            foreach (var mount in List(service, "volumes").Select(each => each.Split(':')))
            {
                if (mount[0].StartsWith('.'))
                {
                    Assert.True(Path.Exists(Path.Combine(Folder, mount[0])), mount[0]);
                    Assert.Equal("ro", mount[2]);
                }
                else
                {
                    Assert.Contains(mount[0], named);
                }
            }
        }
    }

    [Fact]
    public void Server_HasAReadOnlyRootNoRightsAndTimeToDrain()
    {
        var server = Service("compose.yml", "server");
        Assert.Equal("true", server["read_only"]);
        Assert.Equal(["ALL"], List(server, "cap_drop"));
        Assert.Equal(["no-new-privileges:true"], List(server, "security_opt"));
        Assert.Equal(["models:/models", "data:/data"], List(server, "volumes"));
        var grace = TimeSpan.FromSeconds(int.Parse(((string)server["stop_grace_period"]).TrimEnd('s'), CultureInfo.InvariantCulture));
        Assert.True(grace >= TimeSpan.FromMilliseconds(new ServerOptions().DrainTimeoutMs) + ServerApplication.StopTime);
        Assert.Equal("docker/Dockerfile", Map(server["build"])["dockerfile"]);
        Assert.Equal("docker/Dockerfile.cuda", Map(Service("compose.cuda.yml", "server")["build"])["dockerfile"]);
    }

    [Fact]
    public void Server_WithTheImagesSettingsAndItsOwn_Starts()
    {
        var own = Map(Service("compose.yml", "server")["environment"]).ToDictionary(each => ((string)each.Key).Replace("__", ":", StringComparison.Ordinal), each => (string?)each.Value);
        Assert.Matches(@"^\$\{API_KEY:\?.+\}$", own["Server:ApiKey"]);
        Assert.Equal("${MODEL:-/app/models/" + Path.GetFileName(RepositoryFiles.ChatModel) + "}", own["Inference:ModelPath"]);
        var settings = SettingsReader.Read(new ConfigurationBuilder().AddInMemoryCollection(DockerfileTests.Variables("docker/Dockerfile")).AddInMemoryCollection(own).Build(), out var errors);
        Assert.Empty(errors);
        Assert.Equal($"server:{settings.Metrics.Port}", Target("prometheus.yml"));
        Assert.Contains($"127.0.0.1:{settings.Server.Port}:{settings.Server.Port}", List(Service("compose.yml", "server"), "ports"));
        Assert.DoesNotContain(List(Service("compose.yml", "server"), "ports"), port => port.Contains($"{settings.Metrics.Port}", StringComparison.Ordinal));
    }

    [Fact]
    public void Mac_HasPrometheusAndGrafanaOnlyAndScrapesTheServerOnTheMac()
    {
        var services = Map(Read("compose.mac.yml")["services"]);
        Assert.Equal(["prometheus", "grafana"], services.Keys);
        Assert.All(services, each => Assert.Equal(("compose.yml", each.Key), (Map(Map(each.Value)["extends"])["file"], Map(Map(each.Value)["extends"])["service"])));
        Assert.Equal("host.docker.internal:8080", Target("prometheus.mac.yml"));
    }

    [Theory]
    [InlineData("prometheus.yml", "prometheus/prometheus.yml", "server:9464", "127.0.0.1:8080")]
    [InlineData("prometheus.mac.yml", "prometheus/prometheus.yml", "host.docker.internal:8080", "127.0.0.1:8080")]
    [InlineData("datasource.yml", "grafana/provisioning/datasources/prometheus.yml", "prometheus:9090", "127.0.0.1:9090")]
    public void Configuration_IsThatOfDeployButForTheAddress(string file, string deployed, string address, string deployedAddress)
    {
        static string Text(params string[] path) => string.Join('\n', File.ReadAllLines(Path.Combine([RepositoryFiles.Root, .. path])).Where(line => !line.StartsWith('#')));
        Assert.Equal(Text("deploy", deployed), Text("docker", file).Replace(address, deployedAddress, StringComparison.Ordinal));
    }

    [Fact]
    public void Grafana_FindsTheDashboardWhereItsProviderLooks()
    {
        var mounts = List(Service("compose.yml", "grafana"), "volumes").Select(each => each.Split(':')).ToDictionary(mount => mount[1], mount => Path.Combine(Folder, mount[0]));
        var providers = Map(Parse(File.ReadAllText(Path.Combine(mounts["/etc/grafana/provisioning/dashboards"], "dashboards.yml"))));
        var path = (string)Map(Map(((List<object>)providers["providers"])[0])["options"])["path"];
        Assert.NotEmpty(Directory.GetFiles(mounts[path], "*.json"));
        Assert.True(File.Exists(mounts["/etc/grafana/provisioning/datasources/prometheus.yml"]));
    }

    [SkippableTheory]
    [InlineData("prometheus.yml")]
    [InlineData("prometheus.mac.yml")]
    public void Prometheus_WithItsMounts_HasAValidConfiguration(string configuration)
    {
        Skip.If(TestTool.WhyMissing("promtool") is not null, TestTool.WhyMissing("promtool"));
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            foreach (var mount in List(Service("compose.yml", "prometheus"), "volumes").Select(each => each.Split(':')).Where(mount => mount[0].StartsWith('.')))
            {
                var source = mount[1].EndsWith("/prometheus.yml", StringComparison.Ordinal) ? configuration : mount[0];
                File.Copy(Path.Combine(Folder, source), Path.Combine(folder.FullName, Path.GetFileName(mount[1])));
            }

            using var check = Process.Start(new ProcessStartInfo("promtool", ["check", "config", Path.Combine(folder.FullName, "prometheus.yml")]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var output = check.StandardOutput.ReadToEnd() + check.StandardError.ReadToEnd();
            check.WaitForExit();
            Assert.True(check.ExitCode == 0, output);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    // Its opinions of style are warnings.
    private static Task<(int Code, string Output, string Errors)> LintAsync(string file) => Linters.RunAsync("node", "node_modules/.bin/dclint", "--quiet", file);

    private static string Target(string file) => Regex.Match(File.ReadAllText(Path.Combine(Folder, file)), "targets: \\[\"([^\"]+)\"\\]").Groups[1].Value;

    private static Dictionary<object, object> Read(string file) => Map(Parse(File.ReadAllText(Path.Combine(Folder, file))));

    private static Dictionary<object, object> Service(string file, string name) => Map(Map(Read(file)["services"])[name]);

    private static object Parse(string yaml) => new DeserializerBuilder().Build().Deserialize(yaml)!;

    private static Dictionary<object, object> Map(object node) => (Dictionary<object, object>)node;

    private static IEnumerable<string> List(Dictionary<object, object> node, string key) => node.TryGetValue(key, out var list) ? ((List<object>)list).Cast<string>() : [];
}
