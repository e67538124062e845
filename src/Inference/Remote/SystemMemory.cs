using System.Diagnostics;
using System.Globalization;

namespace InferenceServer.Inference.Remote;

/// <summary>What a system tells about memory after a process has ended. Linux tells; elsewhere nothing is known and nothing is waited for.</summary>
internal static class SystemMemory
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    // Others take and give, too.
    private const long Noise = 16L << 20;

    /// <summary>Processes that were ended for want of memory since boot; 0 where nobody counts.</summary>
    public static long ReadNumKilled() => ReadNumber("/proc/vmstat", "oom_kill ") ?? 0;

    /// <summary>
    /// Waits until what an ended process had is back: until what is free grows no more. The system takes a process's memory before it lets it be reaped, but a device's
    /// driver may need a moment longer.
    /// </summary>
    public static void WaitUntilReturned(ManualResetEventSlim stopping)
    {
        var start = Stopwatch.GetTimestamp();
        var last = ReadFree();
        while (last is { } before && Stopwatch.GetElapsedTime(start) < Patience && !stopping.Wait(Interval))
        {
            last = ReadFree();
            if (last - before < Noise)
            {
                return;
            }
        }
    }

    private static long? ReadFree() => ReadNumber("/proc/meminfo", "MemAvailable:") * 1024;

    private static long? ReadNumber(string file, string name)
    {
        try
        {
            var line = File.Exists(file) ? File.ReadLines(file).FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal)) : null;
            return line is not null && long.TryParse(line[name.Length..].Trim().Split(' ')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
