namespace InferenceServer.Telemetry.Power.MacOS;

/// <summary>Turns the kernel's timestamps into our time, by their age. Immutable; any thread.</summary>
internal sealed class MachClock
{
    private readonly double _secondsPerTick;

    /// <param name="secondsPerTick">Length of a tick.</param>
    public MachClock(double secondsPerTick) => _secondsPerTick = secondsPerTick;

    /// <summary>The machine's: 24 million ticks a second on Apple's processors. The library must be loaded.</summary>
    public static MachClock Open() =>
        MacSystemApi.mach_timebase_info(out var timebase) == 0 && timebase.Denominator > 0
            ? new MachClock(timebase.Numerator / (double)timebase.Denominator * 1e-9)
            : throw new InvalidOperationException("mach_timebase_info failed.");

    /// <summary>When a timestamp was taken, in seconds on <see cref="MonotonicClock"/>.</summary>
    /// <param name="timestamp">In ticks; 0 or a time to come says nothing, and counts as now.</param>
    /// <param name="nowTicks">The same moment as <paramref name="now"/>.</param>
    /// <param name="now">In seconds.</param>
    public double ToSeconds(ulong timestamp, ulong nowTicks, double now) =>
        timestamp == 0 || timestamp > nowTicks ? now : now - ((nowTicks - timestamp) * _secondsPerTick);
}
