using InferenceServer.Server.Doctor;
using InferenceServer.Server.Service;
using InferenceServer.Server.Tests.Service;

namespace InferenceServer.Server.Tests.Doctor;

/// <summary>The test of the service, against stand-ins for systemd, the program and <c>kill</c>.</summary>
public sealed class ServiceTestTests : IDisposable
{
    // Files say what the machine is like: a process that is killed comes back as another.
    private const string Systemctl = """
        cd "$(dirname "$0")"
        case "$*" in *Version*) echo Version=252; exit 0;; esac
        [ -e installed ] || { echo LoadState=not-found; exit 0; }
        echo LoadState=loaded; echo ActiveState=active; echo SubState=running
        if [ -e killed ]; then echo MainPID=1002; else echo MainPID=1001; fi
        """;

    private readonly StandInTools _tools = new("systemctl", "server", "kill");

    public ServiceTestTests()
    {
        _tools.Answer("systemctl", Systemctl);
        _tools.Answer("kill", "touch \"$(dirname \"$0\")/killed\"");
        _tools.Answer("server", "cd \"$(dirname \"$0\")\"; case \"$*\" in *uninstall*) rm installed;; *) touch installed;; esac");
    }

    public void Dispose() => _tools.Dispose();

    [Fact]
    public async Task Service_ThatIsThere_IsKilledAndStays()
    {
        File.WriteAllText(Path.Combine(_tools.Folder, "installed"), "");
        var claims = await RunAsync();
        Assert.Equal([ClaimVerdict.Passed, ClaimVerdict.Passed], claims.Select(claim => claim.Verdict));
        Assert.StartsWith("it was there before: inference-server runs and is ready", claims[0].Seen, StringComparison.Ordinal);
        Assert.StartsWith("ready again after ", claims[1].Seen, StringComparison.Ordinal);
        Assert.Contains("kill -9 1001", _tools.Calls);
        Assert.DoesNotContain(_tools.Calls, call => call.StartsWith("server ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Service_ThatIsNotThere_IsInstalledAndTakenAwayAgain()
    {
        var claims = await RunAsync("--model", "x");
        Assert.Equal([ClaimVerdict.Passed, ClaimVerdict.Passed], claims.Select(claim => claim.Verdict));
        Assert.Equal(
            ["server first service install --kind systemd --model x", "server first service uninstall --kind systemd"],
            _tools.Calls.Where(call => call.StartsWith("server ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Service_ThatCannotBeInstalled_FailsWithTheReason()
    {
        _tools.Answer("server", "echo 'error: no room'; exit 12");
        var claims = await RunAsync();
        Assert.Equal([("error: no room", ClaimVerdict.Failed), ("it is not installed", ClaimVerdict.NotTried)], claims.Select(claim => (claim.Seen, claim.Verdict)));
    }

    [Fact]
    public async Task Service_WhoseProcessMayNotBeKilled_IsNotTried()
    {
        File.WriteAllText(Path.Combine(_tools.Folder, "installed"), "");
        _tools.Answer("kill", "echo 'Operation not permitted'; exit 1");
        var restart = (await RunAsync())[1];
        Assert.Equal(ClaimVerdict.NotTried, restart.Verdict);
        Assert.Contains("Operation not permitted", restart.Seen, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Service_WithoutSystemd_IsNoClaim()
    {
        _tools.Answer("systemctl", "echo 'System has not been booted with systemd as init system'; exit 1");
        var claims = await RunAsync();
        Assert.All(claims, claim => Assert.Equal(ClaimVerdict.NotApplicable, claim.Verdict));
        Assert.DoesNotContain(_tools.Calls, call => call.StartsWith("server ", StringComparison.Ordinal));
    }

    private Task<IReadOnlyList<Claim>> RunAsync(params string[] options) =>
        new ServiceTest(new ServiceTools(_tools.Folder), ServiceKind.Systemd, [Path.Combine(_tools.Folder, "server"), "first"], _ => { }).RunAsync(options, default);
}
