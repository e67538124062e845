using System.Globalization;

namespace InferenceServer.Server.Service;

/// <summary>launchd, by macOS' own programs. Planned and tested with stand-ins; not run on hardware.</summary>
internal sealed class LaunchdManager : ServiceManager
{
    // What launchctl print says of itself, at the outermost level of its answer.
    private const string NeverExited = "(never exited)";

    /// <inheritdoc/>
    public override string Name => "launchd";

    /// <inheritdoc/>
    public override string WriteDefinition(ServiceDefinition service) => LaunchdPlist.Write(service);

    /// <inheritdoc/>
    public override IReadOnlyList<ServiceStep> CreateUser(ServiceDefinition service, ServiceFacts facts)
    {
        if (service.User is not { } user || facts.HasUser)
        {
            return [];
        }

        var id = facts.FreeUserId.ToString(CultureInfo.InvariantCulture);
        return
        [
            Create($"/Groups/{user}"),
            Create($"/Groups/{user}", "PrimaryGroupID", id),
            Create($"/Groups/{user}", "Password", "*"),
            Create($"/Users/{user}"),
            Create($"/Users/{user}", "UniqueID", id),
            Create($"/Users/{user}", "PrimaryGroupID", id),
            Create($"/Users/{user}", "RealName", "InferenceServer"),
            Create($"/Users/{user}", "NFSHomeDirectory", service.DataFolder),
            Create($"/Users/{user}", "UserShell", "/usr/bin/false"),
            Create($"/Users/{user}", "Password", "*"),
            Create($"/Users/{user}", "IsHidden", "1"),
        ];
    }

    /// <inheritdoc/>
    public override IReadOnlyList<ServiceStep> CreateFolders(ServiceDefinition service, ServiceFacts facts)
    {
        const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute;
        return
        [
            new ServiceStep.Folder(service.DataFolder, Private),
            new ServiceStep.Folder(service.LogFolder!, Private),
            .. Own(service, ["-R"], service.DataFolder, service.LogFolder!),
        ];
    }

    /// <inheritdoc/>
    public override IReadOnlyList<ServiceStep> OwnSecrets(ServiceDefinition service) => Own(service, [], service.EnvironmentFile);

    /// <inheritdoc/>
    public override ServiceStep.Command RunAsUser(ServiceDefinition service, IReadOnlyList<string> command) =>
        service.User is { } user ? new("sudo", ["-E", "-u", user, "--", .. command]) : new(command[0], [.. command.Skip(1)]);

    /// <inheritdoc/>
    public override IReadOnlyList<ServiceStep> Start(ServiceDefinition service, ServiceFacts facts) => facts.IsImage
        ? []
        :
        [
            new ServiceStep.Command("launchctl", "enable", Target(service, facts)),
            new ServiceStep.Command("launchctl", "bootout", Target(service, facts)) { MayFail = true },

            // What was booted out may still drain; until it is gone, launchd refuses to take it anew.
            new ServiceStep.Command("launchctl", "bootstrap", Domain(service, facts), service.DefinitionFile) { RetryFor = TimeSpan.FromSeconds(service.StopSeconds) },
        ];

    /// <inheritdoc/>
    public override IReadOnlyList<ServiceStep> Stop(ServiceDefinition service, ServiceFacts facts) =>
        facts.IsImage ? [] : [new ServiceStep.Command("launchctl", "bootout", Target(service, facts)) { MayFail = true }];

    /// <inheritdoc/>
    public override IReadOnlyList<ServiceStep> Forget(ServiceDefinition service, ServiceFacts facts) => [];

    /// <inheritdoc/>
    public override IReadOnlyList<ServiceStep> DeleteUser(ServiceDefinition service, ServiceFacts facts) => service.User is { } user && facts.HasUser
        ? [new ServiceStep.Command("dscl", ".", "-delete", $"/Users/{user}"), new ServiceStep.Command("dscl", ".", "-delete", $"/Groups/{user}")]
        : [];

    /// <inheritdoc/>
    public override ServiceStep.Command Query(ServiceDefinition service, ServiceFacts facts) => new("launchctl", "print", Target(service, facts));

    /// <inheritdoc/>
    public override ServiceReport ReadReport(int exitCode, string output)
    {
        if (exitCode != 0)
        {
            return new ServiceReport(ServiceCondition.Absent, 0, "");
        }

        // What is deeper is about its sockets and endpoints.
        var values = output.Split('\n').Where(line => line.StartsWith('\t') && !line.StartsWith("\t\t", StringComparison.Ordinal)).Select(line => line.Trim().Split(" = ", 2))
            .Where(parts => parts.Length == 2).DistinctBy(parts => parts[0]).ToDictionary(parts => parts[0], parts => parts[1]);
        var isRunning = values.GetValueOrDefault("state") == "running";
        var exit = values.GetValueOrDefault("last exit code", NeverExited);
        var hasFailed = exit != NeverExited && exit != "0";
        var condition = isRunning ? ServiceCondition.Starting : hasFailed ? ServiceCondition.Failing : ServiceCondition.Stopped;
        return new ServiceReport(condition, int.TryParse(values.GetValueOrDefault("pid"), CultureInfo.InvariantCulture, out var id) ? id : 0, hasFailed ? $"exit code {exit}" : "");
    }

    /// <inheritdoc/>
    public override ServiceStep.Command ShowLog(ServiceDefinition service, int numLines, bool isFollowed)
    {
        // The newest day's file; where there is none yet, what stopped the start. Whoever may not look into the folder hears so from tail.
        var folder = new DirectoryInfo(service.LogFolder!);
        var newest = folder.Exists ? folder.EnumerateFiles("server-*.jsonl", new EnumerationOptions { IgnoreInaccessible = true }).OrderBy(file => file.LastWriteTimeUtc).LastOrDefault()?.FullName : null;
        return new("tail", ["-n", numLines.ToString(CultureInfo.InvariantCulture), .. (string[])(isFollowed ? ["-F"] : []), .. newest is null ? (string[])[] : [newest], service.ErrorFile!]);
    }

    private static ServiceStep.Command Create(string record, params string[] attribute) => new("dscl", [".", "-create", record, .. attribute]);

    private static ServiceStep[] Own(ServiceDefinition service, string[] options, params string[] paths) =>
        service.User is { } user ? [new ServiceStep.Command("chown", [.. options, $"{user}:{user}", .. paths])] : [];

    private static string Domain(ServiceDefinition service, ServiceFacts facts) =>
        service.Kind == ServiceKind.LaunchDaemon ? "system" : $"gui/{facts.UserId.ToString(CultureInfo.InvariantCulture)}";

    private static string Target(ServiceDefinition service, ServiceFacts facts) => $"{Domain(service, facts)}/{service.Name}";
}
