namespace InferenceServer.Server.Service;

/// <summary>How a service is, by its manager's word.</summary>
internal enum ServiceCondition
{
    /// <summary>The manager does not know it.</summary>
    Absent,

    /// <summary>It does not run, and nobody will start it.</summary>
    Stopped,

    /// <summary>It runs; whether it is ready the manager does not know, or not yet.</summary>
    Starting,

    /// <summary>It runs and said that it is ready.</summary>
    Ready,

    /// <summary>It ended with an error and will be started again after a pause.</summary>
    Failing,
}

/// <summary>What a service manager says of a service.</summary>
/// <param name="Condition">In one word.</param>
/// <param name="ProcessId">0 if there is no process.</param>
/// <param name="Detail">What else it says: the server's own words, or the last exit code; empty if nothing.</param>
internal sealed record ServiceReport(ServiceCondition Condition, int ProcessId, string Detail);
