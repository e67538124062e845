namespace InferenceServer.Inference.Native;

/// <summary>What is left of the machine's memory. Any thread.</summary>
internal static unsafe class HostMemory
{
    /// <summary>The share of the memory that programs may still take without anything being paged out; null where the system does not tell. Not run on macOS.</summary>
    public static double? AvailableShare() => OperatingSystem.IsLinux() ? ReadLinux() : OperatingSystem.IsMacOS() ? ReadMac() : null;

    private static double? ReadLinux() =>
        ProcFile.ReadNumber("/proc/meminfo", "MemTotal:") is > 0 and var total && ProcFile.ReadNumber("/proc/meminfo", "MemAvailable:") is { } available ? (double)available / total : null;

    // In percent; what the kernel itself goes by when it asks programs to give memory back.
    private static double? ReadMac()
    {
        var level = 0;
        nuint size = sizeof(int);
        fixed (byte* name = "kern.memorystatus_level\0"u8)
        {
            return SystemApi.sysctlbyname(name, &level, &size, null, 0) == 0 ? level / 100.0 : null;
        }
    }
}
