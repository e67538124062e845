using Microsoft.Extensions.Logging;

namespace InferenceServer.Inference.Cache.Disk;

/// <summary>Log messages of the disk tier, event ids 1050 to 1059.</summary>
internal static partial class DiskLog
{
    [LoggerMessage(1050, LogLevel.Warning, "The folder of prefixes {Path} is in use by another process: this one serves without prefixes on disk")]
    public static partial void Taken(ILogger logger, string path);

    [LoggerMessage(1051, LogLevel.Warning, "Prefixes are not kept on disk from now on, until the next start: {Reason}")]
    public static partial void Failed(ILogger logger, string reason);

    [LoggerMessage(1052, LogLevel.Information, "Prefixes on disk in {Path}: {Files} files of this model, {Foreign} of others, {Dropped} dropped")]
    public static partial void Scanned(ILogger logger, string path, int files, int foreign, int dropped);

    [LoggerMessage(1053, LogLevel.Warning, "A prefix on disk was dropped: {Fault}")]
    public static partial void Dropped(ILogger logger, SpanFault fault);
}
