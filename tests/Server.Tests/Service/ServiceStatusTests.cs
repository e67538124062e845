using InferenceServer.Server.Service;
using InferenceServer.Testing;

namespace InferenceServer.Server.Tests.Service;

/// <summary>How a service is, by what its manager and its server say.</summary>
public sealed class ServiceStatusTests : IDisposable
{
    private const string Active = "echo LoadState=loaded; echo ActiveState=active; echo SubState=running; echo MainPID=7";

    private readonly StandInTools _tools = new("systemctl", "launchctl");

    public void Dispose() => _tools.Dispose();

    [SkippableTheory]
    [InlineData("Systemd", "systemctl", Active)]
    [InlineData("LaunchDaemon", "launchctl", "printf 'system/inference-server = {\\n\\tstate = running\\n\\tpid = 7\\n}\\n'")]
    public async Task Server_IsAskedWhetherItIsReady_EvenByWhoMayNotReadItsKeys(string kind, string tool, string answer)
    {
        Skip.If(OperatingSystem.IsWindows(), "There is no sh.");
        _tools.Answer(tool, answer);
        var engine = new FakeEngine();
        await using var app = await TestApp.StartAsync(engine, ("Server:ApiKey", "secret"));
        var settings = $$"""{ "Server": { "Host": "0.0.0.0", "Port": {{app.Port}}, "ApiKeyFile": "/no/such/file" } }""";
        Assert.Equal((true, $"inference-server runs and is ready ({(kind == "Systemd" ? "systemd" : "launchd")}, process 7)"), await ReadAsync(kind, settings));

        engine.State = Inference.Engine.EngineState.Recovering;
        Assert.False((await ReadAsync(kind, settings)).IsReady);
    }

    [SkippableTheory]
    [InlineData(null, true)]
    [InlineData("{", true)]
    [InlineData("""{ "Server": { "Port": 0 } }""", true)]
    [InlineData("""{ "Server": { "Port": 1 /* nobody */ } }""", false)]
    public async Task Manager_IsBelievedOnlyWhereTheServerCannotBeAsked(string? settings, bool expected)
    {
        Skip.If(OperatingSystem.IsWindows(), "There is no sh.");
        _tools.Answer("systemctl", Active);
        var (isReady, text) = await ReadAsync("Systemd", settings);
        Assert.Equal(expected, isReady);
        Assert.Contains(expected ? "is ready" : "takes no requests now", text, StringComparison.Ordinal);
    }

    private async Task<(bool IsReady, string Text)> ReadAsync(string kind, string? settings)
    {
        var service = ServiceDefinition.Of(Enum.Parse<ServiceKind>(kind), "");
        var status = await ServiceStatus.ReadAsync(service, new ServiceFacts { SettingsText = settings }, new ServiceTools(_tools.Folder), CancellationToken.None);
        return (status.IsReady, status.Lines[0].Text);
    }
}
