namespace InferenceServer.Telemetry.Power;

/// <summary>The time of this room: seconds since some moment, never set back, exact to well under a microsecond. Steps of the engine and readings of the hardware share it.</summary>
public static class MonotonicClock
{
    /// <summary>Now.</summary>
    public static double GetSeconds(this TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(clock);
        return clock.ToSeconds(clock.GetTimestamp());
    }

    /// <summary>A timestamp of the same clock in seconds.</summary>
    public static double ToSeconds(this TimeProvider clock, long timestamp)
    {
        ArgumentNullException.ThrowIfNull(clock);
        return timestamp / (double)clock.TimestampFrequency;
    }
}
