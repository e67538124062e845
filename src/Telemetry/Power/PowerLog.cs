using Microsoft.Extensions.Logging;

namespace InferenceServer.Telemetry.Power;

/// <summary>What this room writes to the log; events 2100 to 2199.</summary>
internal static partial class PowerLog
{
    [LoggerMessage(2100, LogLevel.Information, "Power source {Provider}: {Channels} channels")]
    public static partial void SourceOpened(ILogger logger, string provider, int channels);

    [LoggerMessage(2101, LogLevel.Debug, "No power source {Provider}: {Detail}")]
    public static partial void SourceAbsent(ILogger logger, string provider, string? detail);

    [LoggerMessage(2102, LogLevel.Warning, "The power source {Provider} failed; it is tried again in {Seconds} s")]
    public static partial void SourceFailed(ILogger logger, string provider, double seconds, Exception exception);

    [LoggerMessage(2103, LogLevel.Debug, "The power source {Provider} could not be closed")]
    public static partial void SourceNotClosed(ILogger logger, string provider, Exception exception);

    [LoggerMessage(2104, LogLevel.Warning, "{Quantity} of {Channel} is not available any more: {Reason}")]
    public static partial void ChannelLost(ILogger logger, PowerQuantity quantity, string channel, ChannelFault reason);
}
