namespace InferenceServer.Telemetry.Power;

/// <summary>
/// One way to ask the machine for watts and joules, and for what goes with them: how busy, how hot, how full. The real seam to the hardware.
/// One thread at a time; a call may take some milliseconds. A channel that has nothing to tell says so in its reading; an exception means
/// that the source as a whole failed, and it is disposed and opened again later.
/// </summary>
public interface IPowerSource : IDisposable
{
    /// <summary>How often there is something new to read.</summary>
    TimeSpan Interval { get; }

    /// <summary>What was found when the source was opened, unavailable channels included; never changes.</summary>
    IReadOnlyList<PowerChannel> Channels { get; }

    /// <summary>Reads every channel once.</summary>
    /// <param name="now">Seconds on <see cref="MonotonicClock"/>.</param>
    /// <param name="readings">One per channel, in the order of <see cref="Channels"/>.</param>
    void Read(double now, Span<PowerReading> readings);
}
