namespace InferenceServer.Server.Service;

/// <summary>By whom the server is kept running.</summary>
internal enum ServiceKind
{
    /// <summary>systemd, from boot on, under a user of its own.</summary>
    Systemd,

    /// <summary>launchd, from boot on, under a user of its own.</summary>
    LaunchDaemon,

    /// <summary>launchd, while its user is logged in, with that user's rights.</summary>
    LaunchAgent,
}
