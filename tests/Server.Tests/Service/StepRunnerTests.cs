using System.Net;
using System.Runtime.Versioning;
using InferenceServer.Server.Commands;
using InferenceServer.Server.Service;

namespace InferenceServer.Server.Tests.Service;

/// <summary>Plans carried out, below a folder that stands for the root, with stand-ins for the system's programs.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class StepRunnerTests : IDisposable
{
    private const string Ready = """case "$1" in show) printf 'LoadState=loaded\nActiveState=active\nSubState=running\nMainPID=7\n';; esac""";
    private const string Failing = """case "$1" in show) printf 'LoadState=loaded\nActiveState=activating\nSubState=auto-restart\nResult=exit-code\nExecMainStatus=3\n';; esac""";

    private static readonly ServiceDefinition Service = ServiceDefinition.Of(ServiceKind.Systemd, "");

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("service-");
    private readonly StandInTools _tools = new("systemctl", "systemd-sysusers", "runuser", "journalctl");
    private readonly StringWriter _output = new();

    private string Root => Path.Combine(_folder.FullName, "root");

    public void Dispose()
    {
        _tools.Dispose();
        _output.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Install_Anew_HasBuildLinksAndFilesWithTheirModes()
    {
        _tools.Answer("systemctl", Ready);
        var build = MakeBuild("first");
        await InstallAsync(build, ("Server:ApiKey", "secret"), ("Inference:ModelPath", "/models/a.gguf"), ("Server:Port", "9000"));

        Assert.Equal(build.Name, new FileInfo(Root + Service.CurrentLink).LinkTarget);
        Assert.Equal("first", await File.ReadAllTextAsync($"{Root}{Service.CurrentLink}/models/text"));
        Assert.Equal("/opt/inference-server/current/InferenceServer", new FileInfo(Root + Service.CommandLink).LinkTarget);
        Assert.Equal(Convert.ToInt32("600", 8), (int)File.GetUnixFileMode(Root + Service.EnvironmentFile));
        Assert.Equal(Convert.ToInt32("755", 8), (int)File.GetUnixFileMode($"{Root}{Service.CurrentLink}/InferenceServer"));
        Assert.Equal(Convert.ToInt32("644", 8), (int)File.GetUnixFileMode($"{Root}{Service.CurrentLink}/models/text"));
        Assert.EndsWith("Server__ApiKey='secret'\n", await File.ReadAllTextAsync(Root + Service.EnvironmentFile), StringComparison.Ordinal);
        var settings = await File.ReadAllTextAsync(Root + Service.SettingsFile);
        Assert.DoesNotContain("secret", settings, StringComparison.Ordinal);
        Assert.Contains("\"Port\": 9000", settings, StringComparison.Ordinal);
        Assert.Equal(SystemdUnit.Write(Service), await File.ReadAllTextAsync(Root + Service.DefinitionFile));
        string[] calls =
        [
            "systemd-sysusers --inline u inference-server - \"InferenceServer\" /var/lib/inference-server",
            $"runuser -u inference-server -- /opt/inference-server/{build.Name}/InferenceServer service check",
            "systemctl daemon-reload",
            "systemctl enable inference-server",
            "systemctl stop inference-server",
            "systemctl start --no-block inference-server",
        ];
        Assert.Equal(calls, _tools.Calls.SkipLast(1));
        Assert.StartsWith("systemctl show", _tools.Calls[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task UpgradeAndRollback_SwitchBetweenBuilds()
    {
        _tools.Answer("systemctl", Ready);
        var (first, second, third) = (MakeBuild("first"), MakeBuild("second"), MakeBuild("third"));
        await InstallAsync(first);
        await InstallAsync(second);
        Assert.Equal((second.Name, first.Name), await LinksAsync());
        await InstallAsync(third);
        Assert.Equal((third.Name, second.Name), await LinksAsync());
        var facts = await ReadFactsAsync();
        Assert.Equal(new[] { second.Name, third.Name }.Order(StringComparer.Ordinal), facts.Builds);

        await RunAsync(facts, ServicePlanner.Rollback(Service, facts, facts.Previous!, ServiceFiles.Create(Service, facts, new Dictionary<string, string?>())));
        Assert.Equal((second.Name, third.Name), await LinksAsync());
        Assert.Equal("second", await File.ReadAllTextAsync($"{Root}{Service.CurrentLink}/models/text"));
    }

    [Fact]
    public async Task Upgrade_ToABuildThatEnds_GoesBackAndShowsItsLastWords()
    {
        _tools.Answer("systemctl", Ready);
        var (first, second) = (MakeBuild("first"), MakeBuild("second"));
        await InstallAsync(first, ("Server:Port", "9000"));
        var settings = await File.ReadAllTextAsync(Root + Service.SettingsFile);
        _tools.Answer("systemctl", Failing);
        _tools.Answer("journalctl", "echo the last words");
        var numCalls = _tools.Calls.Count;

        var failure = await Assert.ThrowsAsync<StartupException>(() => InstallAsync(second, ("Server:Port", "9001")));
        Assert.Equal(ExitCode.ServiceFailed, failure.ExitCode);
        Assert.Contains("exit code 3", failure.Message, StringComparison.Ordinal);
        Assert.Contains("the last words", failure.Message, StringComparison.Ordinal);
        Assert.Equal((first.Name, null), await LinksAsync());
        Assert.Equal(settings, await File.ReadAllTextAsync(Root + Service.SettingsFile));
        Assert.Equal(2, _tools.Calls.Skip(numCalls).Count(call => call.StartsWith("systemctl start", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Install_WhoseModelTheUserMayNotRead_ChangesNothingThatRuns()
    {
        _tools.Answer("systemctl", Ready);
        var (first, second) = (MakeBuild("first"), MakeBuild("second"));
        await InstallAsync(first);
        _tools.Answer("runuser", "echo 'error: /models does not let the user in' >&2; exit 3");
        var numCalls = _tools.Calls.Count;

        var failure = await Assert.ThrowsAsync<StartupException>(() => InstallAsync(second, ("Server:Port", "9001")));
        Assert.Contains("service check: /models does not let the user in\nWhat was there before is back.", failure.Message, StringComparison.Ordinal);
        Assert.Equal((first.Name, null), await LinksAsync());
        Assert.DoesNotContain("9001", await File.ReadAllTextAsync(Root + Service.SettingsFile), StringComparison.Ordinal);
        Assert.DoesNotContain(_tools.Calls.Skip(numCalls), call => call.StartsWith("systemctl", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Install_OfAServerThatWaits_IsDoneAndSaysWhatItWaitsFor()
    {
        _tools.Answer("systemctl", """case "$1" in show) printf 'LoadState=loaded\nActiveState=activating\nSubState=start\nStatusText=Waiting: /Volumes/models is not there\n';; esac""");
        await InstallAsync(MakeBuild("first"));
        Assert.Contains("Waiting: /Volumes/models is not there\n", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Uninstall_OfAllThatWasInstalled_LeavesSettingsAndData()
    {
        _tools.Answer("systemctl", Ready);
        await InstallAsync(MakeBuild("first"));
        var facts = await ReadFactsAsync();
        await RunAsync(facts, ServicePlanner.Uninstall(Service, facts, isPurge: false));
        Assert.False(Directory.Exists(Root + Service.ProgramFolder));
        Assert.False(Path.Exists(Root + Service.DefinitionFile));
        Assert.False(new FileInfo(Root + Service.CommandLink).LinkTarget is not null);
        Assert.True(File.Exists(Root + Service.SettingsFile));
        Assert.True(File.Exists(Root + Service.EnvironmentFile));
    }

    [Fact]
    public async Task Link_WhereSomethingElseIs_IsRefused()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Root + Service.CommandLink)!);
        await File.WriteAllTextAsync(Root + Service.CommandLink, "somebody's own");
        var failure = await Assert.ThrowsAsync<StartupException>(() => InstallAsync(MakeBuild("first")));
        Assert.Contains("something else of that name", failure.Message, StringComparison.Ordinal);
        Assert.Equal("somebody's own", await File.ReadAllTextAsync(Root + Service.CommandLink));
    }

    [Fact]
    public async Task Install_LaunchDaemon_RetriesUntilTheOldOneIsGoneAndAsksTheServerItself()
    {
        using var listener = new HttpListener();
        var port = FreePort();
        listener.Prefixes.Add($"http://127.0.0.1:{port}/");
        listener.Start();
        _ = AnswerAsync(listener);
        var service = ServiceDefinition.Of(ServiceKind.LaunchDaemon, "");
        using var tools = new StandInTools("launchctl", "dscl", "chown", "sudo", "id");
        tools.Answer("dscl", """case "$2$3" in -read*) exit 56;; -list/Users) echo '_other   499';; esac""");
        tools.Answer("launchctl", $$"""
            case "$1" in
            bootstrap) [ -e '{{_folder}}/gone' ] || { touch '{{_folder}}/gone'; echo 'Bootstrap failed: 5: Input/output error' >&2; exit 5; };;
            bootout) exit 3;;
            print) printf 'system/inference-server = {\n\tactive count = 1\n\tstate = running\n\tpid = 77\n\tlast exit code = (never exited)\n}\n';;
            esac
            """);

        var facts = await ServiceFactsReader.ReadAsync(service, new ServiceTools(tools.Folder), "");
        Assert.Equal((false, 498), (facts.HasUser, facts.FreeUserId));
        facts = facts with { Root = Root };
        var files = ServiceFiles.Create(service, facts, new Dictionary<string, string?> { ["Server:Port"] = $"{port}" });
        await new StepRunner(service, facts, new ServiceTools(tools.Folder), _output).RunAsync(ServicePlanner.Install(service, facts with { Root = "" }, MakeBuild("first"), files), CancellationToken.None);
        Assert.Equal(2, tools.Calls.Count(call => call == "launchctl bootstrap system /Library/LaunchDaemons/inference-server.plist"));
        Assert.Contains("ready after", _output.ToString(), StringComparison.Ordinal);
        var status = await ServiceStatus.ReadAsync(service, await ServiceFactsReader.ReadAsync(service, new ServiceTools(tools.Folder), Root), new ServiceTools(tools.Folder), CancellationToken.None);
        Assert.True(status.IsReady);
        Assert.Equal("inference-server runs and is ready (launchd, process 77)", status.Lines[0].Text);
    }

    private static async Task AnswerAsync(HttpListener listener)
    {
        while (listener.IsListening)
        {
            try
            {
                var context = await listener.GetContextAsync();
                context.Response.StatusCode = context.Request.Url!.AbsolutePath == "/readyz" ? 200 : 404;
                context.Response.Close();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private static int FreePort()
    {
        using var probe = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    private async Task<(string?, string?)> LinksAsync()
    {
        var facts = await ReadFactsAsync();
        return (facts.Current, facts.Previous);
    }

    private async Task<ServiceFacts> ReadFactsAsync() => await ServiceFactsReader.ReadAsync(Service, new ServiceTools(_tools.Folder), Root);

    // Planned as for a running system, whose root is empty; the steps' files go below a folder.
    private async Task InstallAsync(BuildFolder build, params (string Key, string Value)[] changes)
    {
        var facts = await ReadFactsAsync();
        var files = ServiceFiles.Create(Service, facts, changes.ToDictionary(change => change.Key, change => (string?)change.Value));
        await RunAsync(facts, ServicePlanner.Install(Service, facts with { Root = "" }, build, files));
    }

    private Task RunAsync(ServiceFacts facts, ServicePlan plan) =>
        new StepRunner(Service, facts, new ServiceTools(_tools.Folder), _output).RunAsync(plan, CancellationToken.None);

    private BuildFolder MakeBuild(string text)
    {
        var folder = _folder.CreateSubdirectory($"build-{text}");
        folder.CreateSubdirectory("models");
        foreach (var file in new[] { "InferenceServer", "InferenceServer.dll", "libcoreclr.so", "libcoreclr.dylib" })
        {
            File.WriteAllText(Path.Combine(folder.FullName, file), "");
        }

        File.SetUnixFileMode(Path.Combine(folder.FullName, "InferenceServer"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.WriteAllText(Path.Combine(folder.FullName, "models", "text"), text);
        return BuildFolder.Read(folder.FullName);
    }
}
