using InferenceServer.Server.Commands;
using InferenceServer.Server.Hosting;
using InferenceServer.Server.Service;

namespace InferenceServer.Server.Tests.Service;

/// <summary>What is done to a machine, as lines. The ones for launchd were never run on hardware: what they do there is from its manual.</summary>
public sealed class ServicePlannerTests
{
    private static readonly BuildFolder New = new("/work/published", "2.0.0-bbbbbbbb");

    private static readonly ServiceFiles Files =
        ServiceFiles.Create(Define(ServiceKind.Systemd), new ServiceFacts { SettingsText = "{}\n", EnvironmentText = "A='1'\n" }, new Dictionary<string, string?>());

    private static readonly ServiceFacts Installed = new()
    {
        Builds = ["0.9.0-99999999", "1.0.0-aaaaaaaa", "0.1.0-11111111"],
        Current = "1.0.0-aaaaaaaa",
        Previous = "0.9.0-99999999",
        SettingsText = "{}\n",
        EnvironmentText = "A='1'\n",
        DefinitionText = "old",
        HasCommandLink = true,
        HasUser = true,
        UserId = 501,
        FreeUserId = 499,
    };

    [Fact]
    public void Install_LaunchDaemonOnABareMac_MakesUserFoldersBuildSecretsAndLoadsIt()
    {
        string[] expected =
        [
            "run dscl . -create /Groups/_inferenceserver",
            "run dscl . -create /Groups/_inferenceserver PrimaryGroupID 499",
            "run dscl . -create /Groups/_inferenceserver Password '*'",
            "run dscl . -create /Users/_inferenceserver",
            "run dscl . -create /Users/_inferenceserver UniqueID 499",
            "run dscl . -create /Users/_inferenceserver PrimaryGroupID 499",
            "run dscl . -create /Users/_inferenceserver RealName InferenceServer",
            "run dscl . -create /Users/_inferenceserver NFSHomeDirectory /usr/local/var/inference-server",
            "run dscl . -create /Users/_inferenceserver UserShell /usr/bin/false",
            "run dscl . -create /Users/_inferenceserver Password '*'",
            "run dscl . -create /Users/_inferenceserver IsHidden 1",
            "folder /usr/local/var/inference-server (0750)",
            "folder /usr/local/var/log/inference-server (0750)",
            "run chown -R _inferenceserver:_inferenceserver /usr/local/var/inference-server /usr/local/var/log/inference-server",
            "folder /usr/local/lib/inference-server (0755)",
            "folder /usr/local/etc/inference-server (0755)",
            "copy /work/published to /usr/local/lib/inference-server/2.0.0-bbbbbbbb",
            "file /usr/local/etc/inference-server/appsettings.json (0644)",
            "file /usr/local/etc/inference-server/environment (0600)",
            "run chown _inferenceserver:_inferenceserver /usr/local/etc/inference-server/environment",
            "run sudo -E -u _inferenceserver -- /usr/local/lib/inference-server/2.0.0-bbbbbbbb/InferenceServer service check",
            "link /usr/local/lib/inference-server/current to 2.0.0-bbbbbbbb",
            "folder /usr/local/bin (0755)",
            "link /usr/local/bin/inference-server to /usr/local/lib/inference-server/current/InferenceServer",
            "folder /Library/LaunchDaemons (0755)",
            "file /Library/LaunchDaemons/inference-server.plist (0644)",
            "run launchctl enable system/inference-server",
            "run launchctl bootout system/inference-server",
            "run launchctl bootstrap system /Library/LaunchDaemons/inference-server.plist",
            "wait until the server is ready at http://127.0.0.1:8080",
        ];
        var plan = ServicePlanner.Install(Define(ServiceKind.LaunchDaemon), new ServiceFacts { FreeUserId = 499 }, New, Files);
        Assert.Equal(expected, Lines(plan));
        Assert.Empty(plan.Stages.SelectMany(stage => stage.Undo));
        var bootstrap = plan.Stages.SelectMany(stage => stage.Steps).OfType<ServiceStep.Command>().Single(command => command.Arguments[0] == "bootstrap");
        Assert.True(bootstrap.RetryFor >= TimeSpan.FromSeconds(90));
    }

    [Fact]
    public void Install_LaunchAgent_TouchesTheUsersFoldersOnly()
    {
        var lines = Lines(ServicePlanner.Install(Define(ServiceKind.LaunchAgent), new ServiceFacts { UserId = 501 }, New, Files));
        Assert.All(lines.Where(line => line.StartsWith("folder ", StringComparison.Ordinal) || line.StartsWith("file ", StringComparison.Ordinal)), line => Assert.Contains("/Users/me/Library/", line, StringComparison.Ordinal));
        Assert.DoesNotContain(lines, line => line.Contains("dscl", StringComparison.Ordinal) || line.Contains("chown", StringComparison.Ordinal) || line.Contains("sudo", StringComparison.Ordinal));
        Assert.Equal("run launchctl bootstrap gui/501 /Users/me/Library/LaunchAgents/inference-server.plist", lines[^2]);
    }

    [Fact]
    public void Upgrade_Systemd_SwitchesStartsAndKeepsOneBuildToGoBackTo()
    {
        var plan = ServicePlanner.Install(Define(ServiceKind.Systemd), Installed, New, Files);
        string[] expected =
        [
            "run systemd-sysusers --inline 'u inference-server - \"InferenceServer\" /var/lib/inference-server'",
            "folder /opt/inference-server (0755)",
            "folder /etc/inference-server (0755)",
            "copy /work/published to /opt/inference-server/2.0.0-bbbbbbbb",
            "run runuser -u inference-server -- /opt/inference-server/2.0.0-bbbbbbbb/InferenceServer service check",
            "link /opt/inference-server/previous to 1.0.0-aaaaaaaa",
            "link /opt/inference-server/current to 2.0.0-bbbbbbbb",
            "folder /etc/systemd/system (0755)",
            "file /etc/systemd/system/inference-server.service (0644)",
            "run systemctl daemon-reload",
            "run systemctl enable inference-server",
            "run systemctl stop inference-server",
            "run systemctl start --no-block inference-server",
            "wait until the server is ready at http://127.0.0.1:8080",
            "delete /opt/inference-server/0.9.0-99999999",
            "delete /opt/inference-server/0.1.0-11111111",
        ];
        Assert.Equal(expected, Lines(plan));
        string[] undo =
        [
            "link /opt/inference-server/current to 1.0.0-aaaaaaaa",
            "link /opt/inference-server/previous to 0.9.0-99999999",
            "file /etc/systemd/system/inference-server.service (0644)",
            "run systemctl daemon-reload",
            "run systemctl enable inference-server",
            "run systemctl stop inference-server",
            "run systemctl start --no-block inference-server",
        ];
        Assert.Equal(undo, plan.Stages.SelectMany(stage => stage.Undo).Select(step => step.ToString()));
    }

    [Theory]
    [InlineData("systemd")]
    [InlineData("launchd-daemon")]
    public void Check_OfAnyPlan_HasTheVariablesOfTheServiceAndItsSecretsButDoesNotShowThem(string kind)
    {
        var service = Define(ServicePlace.KindOf(kind));
        var plan = ServicePlanner.Rollback(service, Installed, "0.9.0-99999999", Files with { EnvironmentText = "Server__ApiKey='hidden'\n" });
        var check = plan.Stages.SelectMany(stage => stage.Steps).OfType<ServiceStep.Command>().Single(command => command.Arguments[^1] == "check");
        Assert.Contains(("Server__ApiKey", "hidden"), check.Environment);
        Assert.Contains(("Server__ModelFolder", $"{service.DataFolder}/models"), check.Environment);
        Assert.Equal(service.SettingsFolder, check.WorkingFolder);
        Assert.DoesNotContain(Lines(plan), line => line.Contains("hidden", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("systemd", "chown inference-server:inference-server /etc/inference-server/keys")]
    [InlineData("launchd-daemon", "chown _inferenceserver:_inferenceserver /usr/local/etc/inference-server/keys")]
    [InlineData("launchd-agent", null)]
    public void Install_WithAFileOfKeysInItsFolder_GivesItToTheUserBeforeTheCheckReadsIt(string kind, string? expected)
    {
        var service = Define(ServicePlace.KindOf(kind));
        List<string> Plan(string keys)
        {
            var settings = Files.Settings with { Server = new ServerOptions { ApiKeyFile = keys } };
            return Lines(ServicePlanner.Install(service, Installed, New, Files with { Settings = settings }));
        }

        var lines = Plan($"{service.SettingsFolder}/keys");
        Assert.Equal(expected is null ? [] : [$"run {expected}"], lines.Where(line => line.EndsWith("/keys", StringComparison.Ordinal)));
        Assert.True(expected is null || lines.IndexOf($"run {expected}") < lines.FindIndex(line => line.EndsWith(" service check", StringComparison.Ordinal)));
        Assert.DoesNotContain(Plan("/home/me/keys"), line => line.EndsWith("/keys", StringComparison.Ordinal));
        Assert.DoesNotContain(Plan($"{service.SettingsFolder}/../keys"), line => line.EndsWith("/keys", StringComparison.Ordinal));
    }

    [Fact]
    public void Rollback_LetsTheBuildsChangePlaces()
    {
        var lines = Lines(ServicePlanner.Rollback(Define(ServiceKind.Systemd), Installed, "0.9.0-99999999", Files));
        Assert.Contains("link /opt/inference-server/previous to 1.0.0-aaaaaaaa", lines);
        Assert.Contains("link /opt/inference-server/current to 0.9.0-99999999", lines);
        Assert.DoesNotContain(lines, line => line.StartsWith("delete", StringComparison.Ordinal));
    }

    [Fact]
    public void Install_OfTheBuildThatRuns_KeepsTheOneBeforeIt()
    {
        var facts = Installed with { Current = New.Name, Builds = [New.Name, "0.9.0-99999999"] };
        var lines = Lines(ServicePlanner.Install(Define(ServiceKind.Systemd), facts, New, Files));
        Assert.DoesNotContain(lines, line => line.StartsWith("delete", StringComparison.Ordinal) || line.Contains("/previous", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("systemd", false)]
    [InlineData("systemd", true)]
    [InlineData("launchd-daemon", false)]
    [InlineData("launchd-daemon", true)]
    [InlineData("launchd-agent", false)]
    public void Uninstall_LeavesWhatPeoplePutThereUnlessToldToPurge(string kind, bool isPurge)
    {
        var service = Define(ServicePlace.KindOf(kind));
        var lines = Lines(ServicePlanner.Uninstall(service, Installed, isPurge));
        Assert.Contains($"delete {service.DefinitionFile}", lines);
        Assert.Contains($"delete {service.ProgramFolder}", lines);
        string[] kept = [service.SettingsFolder, service.DataFolder, .. service.LogFolder is { } logs ? (string[])[logs] : []];
        Assert.All(kept, folder => Assert.Equal(isPurge, lines.Contains($"delete {folder}")));
        Assert.All(kept, folder => Assert.False(folder.StartsWith(service.ProgramFolder + "/", StringComparison.Ordinal)));
        Assert.Equal(isPurge, lines.Any(line => line.Contains("userdel", StringComparison.Ordinal) || line.Contains("dscl . -delete", StringComparison.Ordinal)));
    }

    [Fact]
    public void Install_IntoAnImage_StartsNothing()
    {
        var lines = Lines(ServicePlanner.Install(Define(ServiceKind.Systemd), new ServiceFacts { Root = "/mnt/image" }, New, Files));
        Assert.Equal(["run systemd-sysusers --root=/mnt/image --inline 'u inference-server - \"InferenceServer\" /var/lib/inference-server'", "run systemctl --root=/mnt/image enable inference-server"], lines.Where(line => line.StartsWith("run ", StringComparison.Ordinal)));
        Assert.DoesNotContain(lines, line => line.StartsWith("wait", StringComparison.Ordinal));
    }

    private static ServiceDefinition Define(ServiceKind kind) => ServiceDefinition.Of(kind, "/Users/me");

    private static List<string> Lines(ServicePlan plan) => [.. plan.Stages.SelectMany(stage => stage.Steps).Select(step => step.ToString())];
}
