using System.Globalization;

namespace InferenceServer.Server.Service;

/// <summary>systemd, by its own programs.</summary>
internal sealed class SystemdManager : ServiceManager
{
    /// <inheritdoc/>
    public override string Name => "systemd";

    /// <inheritdoc/>
    public override string WriteDefinition(ServiceDefinition service) => SystemdUnit.Write(service);

    /// <inheritdoc/>
    public override IReadOnlyList<ServiceStep> CreateUser(ServiceDefinition service, ServiceFacts facts) =>
        [new ServiceStep.Command("systemd-sysusers", [.. RootOf(facts), "--inline", $"u {service.User} - \"InferenceServer\" {service.DataFolder}"])];

    /// <inheritdoc/>
    public override IReadOnlyList<ServiceStep> CreateFolders(ServiceDefinition service, ServiceFacts facts) => []; // StateDirectory= does

    /// <inheritdoc/>
    public override IReadOnlyList<ServiceStep> OwnSecrets(ServiceDefinition service) => []; // systemd itself reads them

    /// <inheritdoc/>
    public override ServiceStep.Command RunAsUser(ServiceDefinition service, IReadOnlyList<string> command) => new("runuser", ["-u", service.User!, "--", .. command]);

    /// <inheritdoc/>
    public override IReadOnlyList<ServiceStep> Start(ServiceDefinition service, ServiceFacts facts) => facts.IsImage
        ? [new ServiceStep.Command("systemctl", [.. RootOf(facts), "enable", service.Name])]
        :
        [
            new ServiceStep.Command("systemctl", "daemon-reload"),
            new ServiceStep.Command("systemctl", "enable", service.Name),

            // Not restarted in one: whoever asks whether it is ready must not hear of the one before.
            new ServiceStep.Command("systemctl", "stop", service.Name),

            // Not waited for by systemctl: a server that waits for its model's volume does not fail, and may never be ready.
            new ServiceStep.Command("systemctl", "start", "--no-block", service.Name),
        ];

    /// <inheritdoc/>
    public override IReadOnlyList<ServiceStep> Stop(ServiceDefinition service, ServiceFacts facts) =>
        [new ServiceStep.Command("systemctl", [.. RootOf(facts), "disable", .. (string[])(facts.IsImage ? [] : ["--now"]), service.Name]) { MayFail = true }];

    /// <inheritdoc/>
    public override IReadOnlyList<ServiceStep> Forget(ServiceDefinition service, ServiceFacts facts) =>
        facts.IsImage ? [] : [new ServiceStep.Command("systemctl", "daemon-reload")];

    /// <inheritdoc/>
    public override IReadOnlyList<ServiceStep> DeleteUser(ServiceDefinition service, ServiceFacts facts) =>
        facts.IsImage ? [] : [new ServiceStep.Command("userdel", service.User!) { MayFail = true }];

    /// <inheritdoc/>
    public override ServiceStep.Command Query(ServiceDefinition service, ServiceFacts facts) =>
        new("systemctl", "show", "--property=LoadState,ActiveState,SubState,Result,ExecMainStatus,MainPID,StatusText", service.Name);

    /// <inheritdoc/>
    public override ServiceReport ReadReport(int exitCode, string output)
    {
        var properties = output.Split('\n').Select(line => line.Split('=', 2)).Where(parts => parts.Length == 2).ToDictionary(parts => parts[0], parts => parts[1].Trim());
        string Get(string name) => properties.GetValueOrDefault(name, "");
        var condition = (Get("LoadState"), Get("ActiveState"), Get("SubState")) switch
        {
            (not "loaded", _, _) => ServiceCondition.Absent,
            (_, "active" or "reloading", _) => ServiceCondition.Ready,
            (_, "failed", _) or (_, "activating", "auto-restart") => ServiceCondition.Failing,
            (_, "activating", _) => ServiceCondition.Starting,
            _ => ServiceCondition.Stopped,
        };
        var detail = condition == ServiceCondition.Failing ? $"{(Get("Result") == "exit-code" ? "exit code" : Get("Result"))} {Get("ExecMainStatus")}" : Get("StatusText");
        return new ServiceReport(condition, int.TryParse(Get("MainPID"), CultureInfo.InvariantCulture, out var id) ? id : 0, detail);
    }

    /// <inheritdoc/>
    public override ServiceStep.Command ShowLog(ServiceDefinition service, int numLines, bool isFollowed) =>
        new("journalctl", [$"--unit={service.Name}", $"--lines={numLines.ToString(CultureInfo.InvariantCulture)}", isFollowed ? "--follow" : "--no-pager"]);

    private static string[] RootOf(ServiceFacts facts) => facts.IsImage ? [$"--root={facts.Root}"] : [];
}
