using InferenceServer.Server.Commands;
using InferenceServer.Server.Service;

namespace InferenceServer.Server.Tests.Service;

/// <summary>A service's settings and secrets, changed by options.</summary>
public sealed class ServiceFilesTests
{
    private static readonly ServiceDefinition Service = ServiceDefinition.Of(ServiceKind.Systemd, "");

    [Fact]
    public void Create_WithChanges_KeepsTheRest()
    {
        var facts = new ServiceFacts
        {
            SettingsText = """{ "Server": { "Alias": "mine", "Port": 1 }, "Inference": { "Context": 512 } }""",
            EnvironmentText = "# mine\nServer__ApiKey=old\nHF_TOKEN=\"t\"\n",
        };
        var files = ServiceFiles.Create(Service, facts, Changes(("Server:Port", "9000"), ("Inference:MLock", "True"), ("Server:ApiKey", "a $b \"c\"")));
        var settings = files.Settings;
        Assert.Equal(("mine", 9000, 512, true), (settings.Server.Alias, settings.Server.Port, settings.Inference.Context, settings.Inference.MLock));
        Assert.Equal("a $b \"c\"", settings.Server.ApiKey);
        Assert.Equal("/var/lib/inference-server/models", settings.Server.ModelFolder);
        Assert.Equal("# mine\nHF_TOKEN=\"t\"\nServer__ApiKey='a $b \"c\"'\n", files.EnvironmentText);
        Assert.Equal([("HF_TOKEN", "t"), ("Server__ApiKey", "a $b \"c\"")], files.Variables);
    }

    [Fact]
    public void Create_WithoutChanges_LeavesTheTextAsItIs()
    {
        const string Text = "{\n  // mine\n  \"Server\": { \"Port\": 9000 }\n}";
        Assert.Equal(Text, ServiceFiles.Create(Service, new ServiceFacts { SettingsText = Text }, Changes()).SettingsText);
        var failure = Assert.Throws<StartupException>(() => ServiceFiles.Create(Service, new ServiceFacts { SettingsText = Text }, Changes(("Server:Port", "1"))));
        Assert.Contains("must be changed by hand", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Create_WithWrongValues_NamesThemAllBeforeAnythingIsDone()
    {
        var failure = Assert.Throws<StartupException>(() => ServiceFiles.Create(Service, new ServiceFacts(), Changes(("Server:Port", "70000"), ("Server:Host", "0.0.0.0"))));
        Assert.Equal(ExitCode.BadOptions, failure.ExitCode);
        Assert.Equal(2, failure.Message.Split('\n').Length);
    }

    [Fact]
    public void Create_WithAKeyThatCannotBeQuoted_Refuses() =>
        Assert.Throws<StartupException>(() => ServiceFiles.Create(Service, new ServiceFacts(), Changes(("Server:ApiKey", "it's"))));

    [Theory]
    [InlineData("127.0.0.1", "8080", "http://127.0.0.1:8080/")]
    [InlineData("localhost", "8080", "http://127.0.0.1:8080/")]
    [InlineData("0.0.0.0", "80", "http://127.0.0.1/")]
    [InlineData("*", "8080", "http://127.0.0.1:8080/")]
    [InlineData("10.0.0.5", "8080", "http://10.0.0.5:8080/")]
    [InlineData("::1", "8080", "http://[::1]:8080/")]
    [InlineData("127.0.0.1", "0", null)]
    public void Address_IsWhereThisMachineReachesIt(string host, string port, string? expected) =>
        Assert.Equal(expected, LocalClient.AddressOf(ServiceFiles.Create(Service, new ServiceFacts(), Changes(("Server:Host", host), ("Server:Port", port), ("Server:Insecure", "True"))).Settings)?.AbsoluteUri);

    private static Dictionary<string, string?> Changes(params (string Key, string Value)[] changes) => changes.ToDictionary(change => change.Key, change => (string?)change.Value);
}
