using InferenceServer.Server.Doctor;
using InferenceServer.Server.Service;
using InferenceServer.Server.Tests.Service;

namespace InferenceServer.Server.Tests.Doctor;

/// <summary>Answers of macOS's programs, in the forms that people quote. None of this was run on a Mac.</summary>
public sealed class MacChecksTests : IDisposable
{
    private const string Kernel = """
        kern.osproductversion: 26.1
        hw.model: Mac16,9
        hw.memsize: 137438953472
        machdep.cpu.brand_string: Apple M4 Max
        sysctl: unknown oid 'sysctl.proc_translated'
        iogpu.wired_limit_mb: 0
        """;

    private const string Power = """
        System-wide power settings:
        Currently in use:
         standby              0
         Sleep On Power Button 1
         autorestart          1
         powernap             1
         networkoversleep     0
         disksleep            10
         sleep                0 (sleep prevented by powerd, caffeinate)
         ttyskeepawake        1
         displaysleep         10
         tcpkeepalive         1
         powermode            2
         womp                 1
        """;

    private const string Hardware = """
        Hardware:

            Hardware Overview:

              Model Name: Mac Studio
              Model Identifier: Mac16,9
              Model Number: Z1CD0001
              Chip: Apple M4 Max
              Total Number of Cores: 16 (12 performance and 4 efficiency)
              Memory: 128 GB
              System Firmware Version: 13822.1.2
              Serial Number (system): SECRETSERIAL
              Hardware UUID: SECRETUUID
        """;

    private readonly StandInTools _tools = new("sysctl", "pmset", "system_profiler", "fdesetup");

    public void Dispose() => _tools.Dispose();

    [Fact]
    public async Task Mac_SetUpWell_HasNothingToMend()
    {
        var findings = await ExamineAsync();
        Assert.All(findings, finding => Assert.Equal((FindingLevel.Ok, null), (finding.Level, finding.Advice)));
        Assert.Equal(["model", "macOS", "GPU memory", "power mode", "sleep", "autorestart", "FileVault"], findings.Select(finding => finding.Topic));
        Assert.Equal("Mac Studio, Mac16,9, 16 (12 performance and 4 efficiency) cores", findings[0].Text);
        Assert.DoesNotContain(findings, finding => finding.Text.Contains("SECRET", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("autorestart          1", "autorestart          0", "autorestart", "sudo pmset -a autorestart 1")]
    [InlineData("sleep                0 (sleep", "sleep                15 (sleep", "sleep", "sudo pmset -a sleep 0")]
    [InlineData("powermode            2", "lowpowermode         1", "power mode", "sudo pmset -a lowpowermode 0")]
    [InlineData("powermode            2", "powermode            1", "power mode", "sudo pmset -a lowpowermode 0")]
    [InlineData("FileVault is Off.", "FileVault is On.", "FileVault", "sudo fdesetup authrestart")]
    [InlineData("FileVault is Off.", "FileVault is On, but needs to be restarted to finish.", "FileVault", "sudo fdesetup authrestart")]
    [InlineData("iogpu.wired_limit_mb: 0", "iogpu.wired_limit_mb: 126976", "GPU memory", "0 for the default")]
    [InlineData("kern.osproductversion: 26.1", "kern.osproductversion: 14.7.2", "macOS", "update macOS")]
    public async Task Mac_SetUpOtherwise_IsWarnedOfWithWhatToDo(string good, string bad, string topic, string advice)
    {
        var warning = Assert.Single(await ExamineAsync(good, bad), finding => finding.Level != FindingLevel.Ok);
        Assert.Equal((topic, FindingLevel.Warning), (warning.Topic, warning.Level));
        Assert.Contains(advice, warning.Advice, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("powermode            2", "powermode            0", "power mode", "automatic")]
    [InlineData("iogpu.wired_limit_mb: 0", "iogpu.wired_limit_mb: 117760", "GPU memory", "115.0 GiB")]
    public async Task Mac_SetUpOtherwiseButWell_IsTold(string before, string after, string topic, string text)
    {
        var finding = Assert.Single(await ExamineAsync(before, after), finding => finding.Topic == topic);
        Assert.Equal(FindingLevel.Ok, finding.Level);
        Assert.Contains(text, finding.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mac_WithTheBuildForIntel_IsTold()
    {
        var findings = await ExamineAsync("sysctl: unknown oid 'sysctl.proc_translated'", "sysctl.proc_translated: 1");
        Assert.Contains("arm64", Assert.Single(findings, finding => finding.Level == FindingLevel.Error).Advice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mac_ThatTellsNothing_IsNotGuessedAt()
    {
        using var empty = new StandInTools("sysctl", "pmset", "system_profiler");
        empty.Answer("pmset", "echo 'pmset: illegal option' >&2; exit 1");
        Assert.Empty(MacChecks.Examine(await MacFacts.ReadAsync(new ServiceTools(empty.Folder), default)));
    }

    private async Task<List<Finding>> ExamineAsync(string before = "", string after = "")
    {
        foreach (var (program, answer) in new[] { ("sysctl", Kernel), ("pmset", Power), ("system_profiler", Hardware), ("fdesetup", "FileVault is Off.") })
        {
            _tools.Answer(program, $"cat <<'END'\n{(before.Length > 0 ? answer.Replace(before, after, StringComparison.Ordinal) : answer)}\nEND");
        }

        return [.. MacChecks.Examine(await MacFacts.ReadAsync(new ServiceTools(_tools.Folder), default))];
    }
}
