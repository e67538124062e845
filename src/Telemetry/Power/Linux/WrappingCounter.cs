namespace InferenceServer.Telemetry.Power.Linux;

/// <summary>
/// A counter of the hardware that begins again at 0 after its largest value, made one that only grows. Pure; one thread at a time.
/// </summary>
/// <remarks>More than one turn between two readings cannot be seen; at 250 W a 32-bit counter of 15.3 microjoules turns every 4.4 minutes.</remarks>
/// <param name="range">What a turn adds; 0 if the counter does not turn.</param>
/// <param name="maxPerSecond">No device counts faster: a smaller value that would need more is a counter that was reset.</param>
internal sealed class WrappingCounter(long range, double maxPerSecond)
{
    private long _last = -1;
    private double _lastAt;

    /// <summary>The count without turns: the first reading and all that came after; begins again at the reading when the counter was reset.</summary>
    public double Total { get; private set; }

    /// <summary>Takes a reading.</summary>
    /// <param name="value">Not negative.</param>
    /// <param name="at">Seconds on <see cref="MonotonicClock"/>.</param>
    /// <returns><see cref="Total"/>.</returns>
    public double Update(long value, double at)
    {
        var difference = value - _last;
        if (_last < 0)
        {
            Total = value;
        }
        else if (difference >= 0)
        {
            Total += difference;
        }
        else if (range > 0 && difference + range >= 0 && difference + range <= maxPerSecond * (at - _lastAt))
        {
            Total += difference + range;
        }
        else
        {
            // Whoever reads differences sees it fall, and begins anew.
            Total = value;
        }

        (_last, _lastAt) = (value, at);
        return Total;
    }
}
