using InferenceServer.Server.Doctor;
using InferenceServer.Server.Service;
using InferenceServer.Server.Sleep;
using InferenceServer.Server.Tests.Service;

namespace InferenceServer.Server.Tests.Doctor;

/// <summary>What the system's tools say of machines that are kept awake.</summary>
public sealed class SleepTestTests
{
    private const string Assertions =
        """
        2026-01-02 10:00:00 +0100
        Assertion status system-wide:
           BackgroundTask                 0
           PreventUserIdleDisplaySleep    0
           PreventSystemSleep             0
           PreventUserIdleSystemSleep     1
        Listed by owning process:
           pid 345(powerd): [0x0000000100018abc] 00:12:34 PreventUserIdleSystemSleep named: "Powerd - Prevent sleep while display is on"
           pid 4321(InferenceServer): [0x0005f3d2000199aa] 00:00:07 PreventUserIdleSystemSleep named: "InferenceServer answers requests for text (process 4321)"
        No kernel assertions.
        """;

    private const string Inhibitors =
        """
        WHO              UID USER             PID  COMM            WHAT  WHY                                      MODE
        ModemManager     0   root             700  ModemManager    sleep ModemManager needs to reset devices      delay
        inference-server 998 inference-server 4325 systemd-inhibit idle  answers requests for text (process 4321) block

        2 inhibitors listed.
        """;

    [Theory]
    [InlineData(true, 4321, "always", "Passed")]
    [InlineData(true, null, "requests", "Passed")]
    [InlineData(true, 432, "always", "Failed")]
    [InlineData(true, 345, "always", "Failed")]
    [InlineData(false, 4321, "always", "Passed")]
    [InlineData(false, null, "never", "Passed")]
    [InlineData(false, 432, "always", "Failed")]
    [InlineData(false, 700, "never", "NotTried")]
    public void Lock_OfThisServer_IsFoundInTheList(bool isMac, int? processId, string mode, string verdict) =>
        Assert.Equal(verdict, Judge(isMac, isMac ? Assertions : Inhibitors, processId, mode));

    [Theory]
    [InlineData(true, "PreventUserIdleSystemSleep", "PreventUserIdleDisplaySleep")]
    [InlineData(false, "idle ", "sleep")]
    [InlineData(false, ") block", ") delay")]
    [InlineData(false, "inference-server 998", "other            998")]
    public void Lock_OfAnotherKind_IsNone(bool isMac, string word, string other) =>
        Assert.Equal("Failed", Judge(isMac, (isMac ? Assertions : Inhibitors).Replace(word, other, StringComparison.Ordinal), 4321, "always"));

    [SkippableFact]
    public async Task Tool_OfTheSystem_IsAskedUntilItListsTheServer()
    {
        Skip.If(OperatingSystem.IsWindows(), "There is no sh.");
        using var tools = new StandInTools("systemd-inhibit");
        tools.Answer("systemd-inhibit", "cd \"$(dirname \"$0\")\"; if [ -e asked ]; then echo 'inference-server 0 root 2 systemd-inhibit idle answers requests for text (process 7) block'; else touch asked; fi");
        var claim = await new SleepTest(new ServiceTools(tools.Folder), isMac: false).RunAsync(7, SleepGuardMode.Always, CancellationToken.None);
        Assert.Equal(["systemd-inhibit --list", "systemd-inhibit --list"], tools.Calls);
        Assert.Equal((ClaimVerdict.Passed, "systemd-inhibit --list lists it"), (claim.Verdict, claim.Seen));
    }

    [Fact]
    public async Task Tool_ThatIsMissingOrRefused_IsNoFailureOfTheServer()
    {
        var claim = await new SleepTest(new ServiceTools("/no/such/folder"), isMac: true).RunAsync(7, SleepGuardMode.Always, CancellationToken.None);
        Assert.Equal((ClaimVerdict.NotTried, "could not be run here: pmset was not found"), (claim.Verdict, claim.Seen));
        claim = new SleepTest(new ServiceTools(), isMac: false).Judge(1, "Could not get list of inhibitors: no bus\nmore", 7, SleepGuardMode.Always);
        Assert.Equal((ClaimVerdict.NotTried, "could not be run here: Could not get list of inhibitors: no bus"), (claim.Verdict, claim.Seen));
    }

    private static string Judge(bool isMac, string output, int? processId, string mode) =>
        new SleepTest(new ServiceTools(), isMac).Judge(0, output, processId, Enum.Parse<SleepGuardMode>(mode, ignoreCase: true)).Verdict.ToString();
}
