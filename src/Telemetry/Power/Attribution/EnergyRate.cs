namespace InferenceServer.Telemetry.Power.Attribution;

/// <summary>Joules of steps per generated token over the last minute. Pure; one thread at a time; allocates only when made.</summary>
internal sealed class EnergyRate
{
    /// <summary>Seconds that count: long enough that a window's edge does not show, short enough to follow a change of load.</summary>
    public const double Span = 60;

    // One point a second at most.
    private const double MinDistance = 1;
    private readonly (double At, EnergyTotals Totals)[] _points = new (double, EnergyTotals)[64];
    private long _count;
    private (double At, EnergyTotals Totals) _last;

    /// <summary>True until something was observed.</summary>
    public bool IsEmpty => _count == 0;

    /// <summary>Takes the totals as of a moment, in order of time.</summary>
    public void Observe(double at, in EnergyTotals totals)
    {
        _last = (at, totals);
        if (_count == 0 || at - Point(_count - 1).At >= MinDistance)
        {
            _points[_count++ % _points.Length] = _last;
        }
    }

    /// <summary>Joules per token; NaN if no token was generated within the span, or nothing is known of it.</summary>
    public double JoulesPerToken(double now)
    {
        for (var i = Math.Max(0, _count - _points.Length); i < _count; i++)
        {
            var (at, totals) = Point(i);
            if (at >= now - Span)
            {
                var tokens = _last.Totals.OutputTokens - totals.OutputTokens;
                return tokens > 0 ? (_last.Totals.Steps - totals.Steps) / tokens : double.NaN;
            }
        }

        return double.NaN;
    }

    private ref readonly (double At, EnergyTotals Totals) Point(long index) => ref _points[index % _points.Length];
}
