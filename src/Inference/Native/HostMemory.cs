using System.Globalization;

namespace InferenceServer.Inference.Native;

/// <summary>What is left of the machine's memory. Any thread.</summary>
internal static unsafe class HostMemory
{
    /// <summary>The share of the memory that programs may still take without anything being paged out; null where the system does not tell. Not run on macOS.</summary>
    public static double? AvailableShare() => OperatingSystem.IsLinux() ? ReadLinux() : OperatingSystem.IsMacOS() ? ReadMac() : null;

    private static double? ReadLinux()
    {
        var (total, available) = (0L, 0L);
        foreach (var line in File.ReadLines("/proc/meminfo"))
        {
            total = Kilobytes(line, "MemTotal:") ?? total;
            if (Kilobytes(line, "MemAvailable:") is { } kilobytes)
            {
                available = kilobytes;
                break;
            }
        }

        return total > 0 ? (double)available / total : null;
    }

    private static long? Kilobytes(string line, string name) =>
        line.StartsWith(name, StringComparison.Ordinal)
        && long.TryParse(line.AsSpan(name.Length).Trim().TrimEnd("kB").Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            ? value
            : null;

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
