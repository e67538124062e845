using InferenceServer.Inference.Native;

namespace InferenceServer.Inference.Remote;

/// <summary>What a system tells about memory after a process has ended. Linux tells; elsewhere nothing is known and nothing is waited for.</summary>
internal static class SystemMemory
{
    /// <summary>Readings at most: five seconds.</summary>
    public const int MaxReadings = 100;

    /// <summary>Bytes by which what is free changes on its own: others take and give, too.</summary>
    public const long Noise = 16L << 20;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    /// <summary>Processes that were ended for want of memory since boot; 0 where nobody counts.</summary>
    public static long ReadNumKilled() => ProcFile.ReadNumber("/proc/vmstat", "oom_kill ") ?? 0;

    /// <summary>
    /// Waits until what an ended process had is back: until what is free grows no more. The system takes a process's memory before it lets it be reaped, but a device's
    /// driver may need a moment longer.
    /// </summary>
    public static void WaitUntilReturned(ManualResetEventSlim stopping) =>
        WaitWhileGrowing(static () => ProcFile.ReadNumber("/proc/meminfo", "MemAvailable:") * 1024, () => stopping.Wait(Interval));

    /// <summary>Waits and reads again as long as each reading is more than the one before by more than <see cref="Noise"/>. Pure.</summary>
    /// <param name="readFree">Free bytes; null where nobody tells: then nothing is waited for.</param>
    /// <param name="wait">Waits for a moment; true: nobody cares any more.</param>
    public static void WaitWhileGrowing(Func<long?> readFree, Func<bool> wait)
    {
        var last = readFree();
        for (var numReadings = 1; last is { } before && numReadings < MaxReadings && !wait(); numReadings++)
        {
            last = readFree();
            if (last - before < Noise)
            {
                return;
            }
        }
    }
}
