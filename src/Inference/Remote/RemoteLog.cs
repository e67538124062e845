using Microsoft.Extensions.Logging;

namespace InferenceServer.Inference.Remote;

/// <summary>Log messages about the engine's process, event ids 1100 to 1149.</summary>
internal static partial class RemoteLog
{
    [LoggerMessage(1100, LogLevel.Information, "The engine runs in process {Id}")]
    public static partial void Started(ILogger logger, int id);

    [LoggerMessage(1101, LogLevel.Error, "The engine's process {Id} ended: {Reason}. Last step: {Step}. Running: {Requests}. Its last lines: {Lines}")]
    public static partial void Ended(ILogger logger, int id, string reason, string step, string requests, string lines);

    [LoggerMessage(1102, LogLevel.Information, "The engine is back after {Seconds:F1} s; {NumRequests} requests go on where they were")]
    public static partial void Recovered(ILogger logger, double seconds, int numRequests);

    [LoggerMessage(1103, LogLevel.Critical, "The engine ended {Count} times without progress: nothing new is taken; the next try is in {Seconds:F0} s")]
    public static partial void Hopeless(ILogger logger, int count, double seconds);

    [LoggerMessage(1104, LogLevel.Warning, "The engine's process {Id} is ended: {Reason}")]
    public static partial void Killing(ILogger logger, int id, string reason);

    [LoggerMessage(1105, LogLevel.Error, "The engine's process could not be started: {Reason}")]
    public static partial void NotStarted(ILogger logger, string reason);
}
