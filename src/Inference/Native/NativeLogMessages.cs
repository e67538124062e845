using Microsoft.Extensions.Logging;

namespace InferenceServer.Inference.Native;

/// <summary>Log messages of this room, event ids 1900 to 1949.</summary>
internal static partial class NativeLogMessages
{
    [LoggerMessage(EventId = 1900, Message = "{Line}")]
    public static partial void NativeLine(ILogger logger, LogLevel level, string line);

    [LoggerMessage(EventId = 1901, Level = LogLevel.Information, Message = "llama.cpp {Version} from {Folder}: {SystemInfo}")]
    public static partial void LibrariesLoaded(ILogger logger, string version, string folder, string systemInfo);

    [LoggerMessage(EventId = 1902, Level = LogLevel.Information, Message = "Device {Name}: {Description}, {FreeMiB} of {TotalMiB} MiB free")]
    public static partial void DeviceFound(ILogger logger, string name, string description, long freeMiB, long totalMiB);
}
