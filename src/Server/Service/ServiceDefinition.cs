namespace InferenceServer.Server.Service;

/// <summary>What a service manager is told, and where the service has its files: one definition, written as a systemd unit or as launchd's property list.</summary>
internal sealed record ServiceDefinition
{
    /// <summary>The program's file in a build.</summary>
    public const string ProgramName = "InferenceServer";

    // Server:DrainTimeoutMs by default is a minute, and freeing the model comes after it.
    private const int DefaultStopSeconds = 90;

    /// <summary>Who keeps it running.</summary>
    public required ServiceKind Kind { get; init; }

    /// <summary>Name of the service: of the unit, or launchd's label.</summary>
    public string Name { get; init; } = "inference-server";

    /// <summary>Where the builds are, each in a folder of its own, and a link <c>current</c> to the one that runs.</summary>
    public required string ProgramFolder { get; init; }

    /// <summary>The service manager's file.</summary>
    public required string DefinitionFile { get; init; }

    /// <summary>Program and arguments, absolute; null starts the current build.</summary>
    public IReadOnlyList<string>? OtherCommand { get; init; }

    /// <summary>Whom it runs as; null for whoever is logged in (a LaunchAgent).</summary>
    public required string? User { get; init; }

    /// <summary>Where its <c>appsettings.json</c> is.</summary>
    public required string SettingsFolder { get; init; }

    /// <summary>Where the server may write: stored responses, and the models that were pulled for it.</summary>
    public required string DataFolder { get; init; }

    /// <summary>Where log files go; null where the service manager keeps the log.</summary>
    public required string? LogFolder { get; init; }

    /// <summary>A link by which people find the program; null for none.</summary>
    public string? CommandLink { get; init; }

    /// <summary>Seconds between a stop's signal and the kill; longer than the drain.</summary>
    public int StopSeconds { get; init; } = DefaultStopSeconds;

    /// <summary>The link to the build that runs.</summary>
    public string CurrentLink => $"{ProgramFolder}/current";

    /// <summary>The link to the build that ran before it.</summary>
    public string PreviousLink => $"{ProgramFolder}/previous";

    /// <summary>Program and arguments, absolute.</summary>
    public IReadOnlyList<string> Command => OtherCommand ?? [$"{CurrentLink}/{ProgramName}"];

    /// <summary>Its settings.</summary>
    public string SettingsFile => $"{SettingsFolder}/appsettings.json";

    /// <summary><c>NAME=value</c> lines for secrets, mode 0600; need not exist.</summary>
    public string EnvironmentFile => $"{SettingsFolder}/environment";

    /// <summary>What stops a start before there is a log; null where the service manager keeps it.</summary>
    public string? ErrorFile => LogFolder is null ? null : $"{LogFolder}/errors.log";

    /// <summary>Settings, as environment variables, that follow from the folders and from being a service.</summary>
    public IReadOnlyList<(string Name, string Value)> Environment()
    {
        List<(string, string)> variables =
        [
            ("Server__WaitAtStart", "true"),
            ("Server__PreventSleep", "always"),
            ("Server__ModelFolder", $"{DataFolder}/models"),
            ("Responses__Path", $"{DataFolder}/responses.db"),
            ("Cache__DiskPath", $"{DataFolder}/cache"),
        ];
        if (LogFolder is { } folder)
        {
            variables.Add(("Log__File", $"{folder}/server-.jsonl"));
        }

        return variables;
    }

    /// <summary>By the places that each system has for such things.</summary>
    /// <param name="kind">Which.</param>
    /// <param name="home">The user's home folder, for a LaunchAgent.</param>
    public static ServiceDefinition Of(ServiceKind kind, string home) => kind switch
    {
        ServiceKind.Systemd => new()
        {
            Kind = kind,
            ProgramFolder = "/opt/inference-server",
            DefinitionFile = "/etc/systemd/system/inference-server.service",
            User = "inference-server",
            SettingsFolder = "/etc/inference-server",
            DataFolder = "/var/lib/inference-server",
            LogFolder = null,
            CommandLink = "/usr/local/bin/inference-server",
        },
        ServiceKind.LaunchDaemon => new()
        {
            Kind = kind,
            ProgramFolder = "/usr/local/lib/inference-server",
            DefinitionFile = "/Library/LaunchDaemons/inference-server.plist",
            User = "_inferenceserver",
            SettingsFolder = "/usr/local/etc/inference-server",
            DataFolder = "/usr/local/var/inference-server",
            LogFolder = "/usr/local/var/log/inference-server",
            CommandLink = "/usr/local/bin/inference-server",
        },
        _ => new()
        {
            Kind = kind,
            ProgramFolder = $"{home}/Library/Application Support/inference-server/builds",
            DefinitionFile = $"{home}/Library/LaunchAgents/inference-server.plist",
            User = null,
            SettingsFolder = $"{home}/Library/Application Support/inference-server/settings",
            DataFolder = $"{home}/Library/Application Support/inference-server/data",
            LogFolder = $"{home}/Library/Logs/inference-server",
        },
    };
}
