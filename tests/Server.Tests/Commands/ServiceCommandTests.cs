using InferenceServer.Server.Commands;

namespace InferenceServer.Server.Tests.Commands;

/// <summary>The real process: what it plans, and what it refuses.</summary>
public sealed class ServiceCommandTests
{
    [Fact]
    public async Task Uninstall_AsDryRunForAnotherSystem_OnlySaysWhatItWouldDo()
    {
        var (code, output, errors) = await CommandProcess.RunAsync([], "service", "uninstall", "--kind", "launchd-daemon", "--dry-run");
        Assert.Equal((ExitCode.Ok, ""), (code, errors));
        Assert.Equal("run launchctl bootout system/inference-server\ndelete /Library/LaunchDaemons/inference-server.plist\ndelete /usr/local/lib/inference-server\n", output);
    }

    [SkippableFact]
    public async Task Install_ForAnotherSystem_Refuses()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Linux has no launchd.");
        Assert.Equal((ExitCode.BadOptions, "", "error: --kind: this system has no launchd-daemon; --dry-run shows what would be done where there is.\n"), await CommandProcess.RunAsync([], "service", "install", "--kind", "launchd-daemon"));
    }

    [Fact]
    public async Task Install_FromABuildThatIsNotSelfContained_SaysHowToMakeOne()
    {
        var (code, _, errors) = await CommandProcess.RunAsync([], "service", "install", "--dry-run");
        Assert.Equal(ExitCode.ServiceFailed, code);
        Assert.Contains("dotnet publish src/Server -c Release --self-contained", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Install_OfAModelThatIsNowhere_SaysHowToGetIt()
    {
        var (code, _, errors) = await CommandProcess.RunAsync([], "service", "install", "--dry-run", "--kind", "systemd", "--model", "no-such-model");
        Assert.Equal(ExitCode.BadModel, code);
        Assert.Contains("pull no-such-model --model-folder /var/lib/inference-server/models", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("upgrade")]
    [InlineData("rollback")]
    public async Task Switch_WhereNothingIsInstalled_SaysSo(string command)
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            Assert.Equal((ExitCode.ServiceFailed, "", "error: The service is not installed.\n"), await CommandProcess.RunAsync([], "service", command, "--root", folder.FullName));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Check_WithAModelThatIsNotThere_SaysThatItWillBeWaitedFor()
    {
        var (code, output, errors) = await CommandProcess.RunAsync([("Inference__ModelPath", "/no/such/volume/model.gguf")], "service", "check");
        Assert.Equal((ExitCode.Ok, ""), (code, errors));
        Assert.Equal("/no/such/volume/model.gguf does not exist. The service will wait for it.\n", output);
    }
}
