using Microsoft.Extensions.Logging;

namespace InferenceServer.Telemetry.Memory;

/// <summary>What this room writes to the log; events 2200 to 2299.</summary>
internal static partial class MemoryLog
{
    [LoggerMessage(2200, LogLevel.Warning, "The model is being paged: {Faults:F0} waits for the disk a second, {Resident} of it in memory. Tokens will be slow; free memory, take a smaller model, or use --mlock")]
    public static partial void Paged(ILogger logger, double faults, string resident);

    [LoggerMessage(2201, LogLevel.Information, "The model is in memory again")]
    public static partial void NotPaged(ILogger logger);

    [LoggerMessage(2202, LogLevel.Debug, "Memory could not be read")]
    public static partial void ReadFailed(ILogger logger, Exception exception);
}
