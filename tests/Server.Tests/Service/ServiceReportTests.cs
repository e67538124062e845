using InferenceServer.Server.Service;

namespace InferenceServer.Server.Tests.Service;

/// <summary>What service managers answer when they are asked how a service is.</summary>
public sealed class ServiceReportTests
{
    [Theory]
    [InlineData("LoadState=not-found\nActiveState=inactive\nSubState=dead\nMainPID=0", "Absent", 0, "")]
    [InlineData("LoadState=loaded\nActiveState=active\nSubState=running\nMainPID=12\nStatusText=", "Ready", 12, "")]
    [InlineData("LoadState=loaded\nActiveState=activating\nSubState=start\nMainPID=12\nStatusText=Waiting: a=b", "Starting", 12, "Waiting: a=b")]
    [InlineData("LoadState=loaded\nActiveState=activating\nSubState=auto-restart\nResult=exit-code\nExecMainStatus=3\nMainPID=0", "Failing", 0, "exit code 3")]
    [InlineData("LoadState=loaded\nActiveState=activating\nSubState=auto-restart\nResult=signal\nExecMainStatus=9\nMainPID=0", "Failing", 0, "signal 9")]
    [InlineData("LoadState=loaded\nActiveState=inactive\nSubState=dead\nMainPID=0", "Stopped", 0, "")]
    [InlineData("", "Absent", 0, "")]
    public void Systemd_ByProperties(string output, string condition, int processId, string detail)
    {
        var report = new SystemdManager().ReadReport(0, output);
        Assert.Equal((condition, processId, detail), (report.Condition.ToString(), report.ProcessId, report.Detail));
    }

    // The shape of the answer is from published logs of other programs.
    [Theory]
    [InlineData(0, "\tactive count = 1\n\tpath = /Library/x.plist\n\tstate = running\n\n\targuments = {\n\t\t/bin/sh\n\t}\n\truns = 1\n\tpid = 913\n\tlast exit code = (never exited)\n\n\tendpoints = {\n\t\tstate = active\n\t\tpid = 4\n\t}", "Starting", 913, "")]
    [InlineData(0, "\tstate = spawn scheduled\n\tlast exit code = 78: EX_CONFIG", "Failing", 0, "exit code 78: EX_CONFIG")]
    [InlineData(0, "\tstate = not running\n\tlast exit code = 0", "Stopped", 0, "")]
    [InlineData(0, "\tstate = not running\n\tlast exit code = (never exited)", "Stopped", 0, "")]
    [InlineData(113, "Could not find service", "Absent", 0, "")]
    public void Launchd_ByItsOutermostLines(int exitCode, string lines, string condition, int processId, string detail)
    {
        var report = new LaunchdManager().ReadReport(exitCode, $"system/inference-server = {{\n{lines}\n}}");
        Assert.Equal((condition, processId, detail), (report.Condition.ToString(), report.ProcessId, report.Detail));
    }

    [Fact]
    public void Log_OfSystemd_IsItsJournal()
    {
        var service = ServiceDefinition.Of(ServiceKind.Systemd, "");
        Assert.Equal("journalctl --unit=inference-server --lines=20 --no-pager", Text(new SystemdManager().ShowLog(service, 20, isFollowed: false)));
        Assert.Equal("journalctl --unit=inference-server --lines=5 --follow", Text(new SystemdManager().ShowLog(service, 5, isFollowed: true)));
    }

    [Fact]
    public void Log_OfLaunchd_IsTheNewestDaysFileWithWhatStoppedAStart()
    {
        var folder = Directory.CreateTempSubdirectory("logs-");
        try
        {
            var service = ServiceDefinition.Of(ServiceKind.LaunchDaemon, "") with { LogFolder = folder.FullName };
            Assert.Equal($"tail -n 20 {folder}/errors.log", Text(new LaunchdManager().ShowLog(service, 20, isFollowed: false)));
            foreach (var (name, day) in new[] { ("server-20260102.jsonl", 2), ("server-20260103.jsonl", 3), ("server-20260101.jsonl", 1), ("other.jsonl", 9) })
            {
                var file = Path.Combine(folder.FullName, name);
                File.WriteAllText(file, "");
                File.SetLastWriteTimeUtc(file, new DateTime(2026, 1, day, 0, 0, 0, DateTimeKind.Utc));
            }

            Assert.Equal($"tail -n 20 -F {folder}/server-20260103.jsonl {folder}/errors.log", Text(new LaunchdManager().ShowLog(service, 20, isFollowed: true)));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void FreeUserId_IsTakenByNeitherUserNorGroup()
    {
        Assert.Equal(499, ServiceFactsReader.FindFreeId(""));
        Assert.Equal(496, ServiceFactsReader.FindFreeId("_a  499\n_b            497\nnobody -2\n\n_group   498\n"));
    }

    private static string Text(ServiceStep.Command command) => string.Join(' ', [command.Program, .. command.Arguments]);
}
