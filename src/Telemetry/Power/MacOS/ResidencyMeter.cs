namespace InferenceServer.Telemetry.Power.MacOS;

/// <summary>
/// From a state channel's counters (ticks spent in each state) to the share of time in use and the mean frequency, between two readings.
/// Divides by the ticks counted, not by time on the wall. Pure; one thread at a time.
/// </summary>
/// <param name="isIdle">By state: it is no use.</param>
/// <param name="frequencies">Hertz of the states in use, in their order; empty if they are not known. The order is all that counts: an M4 Max has the same frequency twice, and some out of order.</param>
internal sealed class ResidencyMeter(IReadOnlyList<bool> isIdle, IReadOnlyList<double> frequencies)
{
    private readonly long[] _last = new long[isIdle.Count];
    private bool _hasLast;

    /// <summary>Number of states.</summary>
    public int Count => isIdle.Count;

    /// <summary>Share of the time in use, 0 to 1; null until two readings were taken.</summary>
    public double? Active { get; private set; }

    /// <summary>Mean hertz while in use; null if it was not in use or the frequencies are not known.</summary>
    public double? Frequency { get; private set; }

    /// <summary>Takes a reading.</summary>
    /// <param name="residencies">Ticks by state, counted up; negative where the library failed.</param>
    public void Update(ReadOnlySpan<long> residencies)
    {
        double all = 0, active = 0, weighted = 0;
        var isSound = residencies.Length == isIdle.Count;
        var knows = isSound && frequencies.Count >= isIdle.Count(idle => !idle);
        var state = 0;
        for (var i = 0; i < residencies.Length && isSound; i++)
        {
            var ticks = residencies[i] - _last[i];
            isSound = residencies[i] >= 0 && (ticks >= 0 || !_hasLast);
            _last[i] = residencies[i];
            all += ticks;
            if (!isIdle[i])
            {
                active += ticks;
                weighted += knows ? ticks * frequencies[state] : 0;
                state++;
            }
        }

        var isUsable = isSound && _hasLast && all > 0;
        Active = isUsable ? active / all : null;
        Frequency = isUsable && knows && active > 0 ? weighted / active : null;
        _hasLast = isSound;
    }

    /// <summary>True for the names that states of rest have.</summary>
    public static bool IsIdleState(string? name) => name?.Trim() is "OFF" or "IDLE" or "DOWN";
}
