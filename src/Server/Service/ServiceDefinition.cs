namespace InferenceServer.Server.Service;

/// <summary>What a service manager is told: one definition, written as a systemd unit or as launchd's property list.</summary>
internal sealed record ServiceDefinition
{
    // Server:DrainTimeoutMs by default is a minute, and freeing the model comes after it.
    private const int DefaultStopSeconds = 90;

    /// <summary>Name of the service: of the unit, or launchd's label.</summary>
    public required string Name { get; init; }

    /// <summary>Program and arguments, absolute.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>Whom it runs as; null for whoever is logged in (a LaunchAgent).</summary>
    public required string? User { get; init; }

    /// <summary>Where its <c>appsettings.json</c> is.</summary>
    public required string SettingsFolder { get; init; }

    /// <summary><c>NAME=value</c> lines for secrets, mode 0600; need not exist.</summary>
    public required string EnvironmentFile { get; init; }

    /// <summary>Where the server may write: stored responses, and the models that were pulled for it.</summary>
    public required string DataFolder { get; init; }

    /// <summary>Where log files go; null where the service manager keeps the log.</summary>
    public required string? LogFolder { get; init; }

    /// <summary>Seconds between a stop's signal and the kill; longer than the drain.</summary>
    public int StopSeconds { get; init; } = DefaultStopSeconds;

    /// <summary>Settings, as environment variables, that follow from the folders.</summary>
    public IReadOnlyList<(string Name, string Value)> Environment()
    {
        List<(string, string)> variables = [("Server__ModelFolder", $"{DataFolder}/models"), ("Responses__Path", $"{DataFolder}/responses.db")];
        if (LogFolder is { } folder)
        {
            variables.Add(("Log__File", $"{folder}/server-.jsonl"));
        }

        return variables;
    }

    /// <summary>Under systemd, by the places that Linux has for such things.</summary>
    public static ServiceDefinition Systemd { get; } = new()
    {
        Name = "inference-server",
        Command = ["/opt/inference-server/current/InferenceServer"],
        User = "inference-server",
        SettingsFolder = "/etc/inference-server",
        EnvironmentFile = "/etc/inference-server/environment",
        DataFolder = "/var/lib/inference-server",
        LogFolder = null,
    };

    /// <summary>A LaunchDaemon: runs from boot on, under a user of its own.</summary>
    public static ServiceDefinition LaunchDaemon { get; } = new()
    {
        Name = "inference-server",
        Command = ["/usr/local/lib/inference-server/current/InferenceServer"],
        User = "_inferenceserver",
        SettingsFolder = "/usr/local/etc/inference-server",
        EnvironmentFile = "/usr/local/etc/inference-server/environment",
        DataFolder = "/usr/local/var/inference-server",
        LogFolder = "/usr/local/var/log/inference-server",
    };

    /// <summary>A LaunchAgent: runs while its user is logged in, with that user's rights.</summary>
    /// <param name="home">The user's home folder.</param>
    public static ServiceDefinition LaunchAgent(string home) => new()
    {
        Name = "inference-server",
        Command = [$"{home}/Library/Application Support/inference-server/current/InferenceServer"],
        User = null,
        SettingsFolder = $"{home}/Library/Application Support/inference-server",
        EnvironmentFile = $"{home}/Library/Application Support/inference-server/environment",
        DataFolder = $"{home}/Library/Application Support/inference-server",
        LogFolder = $"{home}/Library/Logs/inference-server",
    };
}
