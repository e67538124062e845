using System.Diagnostics.Metrics;

namespace InferenceServer.Telemetry.Power;

/// <summary>
/// The series of one observable instrument. The SDK repeats for ever what a series told last; so one that has nothing to tell any more tells
/// NaN, and the exporter leaves that out. One thread at a time.
/// </summary>
internal sealed class ObservedSeries
{
    private readonly List<Measurement<double>> _measurements = [];
    private readonly HashSet<KeyValuePair<string, object?>[]> _told = [];
    private readonly HashSet<KeyValuePair<string, object?>[]> _tellsNow = [];

    /// <summary>Begins a collection.</summary>
    public void Begin()
    {
        _measurements.Clear();
        _tellsNow.Clear();
    }

    /// <summary>A series tells a value; NaN is none.</summary>
    /// <param name="value">It.</param>
    /// <param name="tags">The same array for the same series, always.</param>
    public void Tell(double value, KeyValuePair<string, object?>[] tags)
    {
        if (!double.IsNaN(value))
        {
            _measurements.Add(new Measurement<double>(value, tags));
            _tellsNow.Add(tags);
        }
    }

    /// <summary>What the instrument tells in this collection.</summary>
    public IReadOnlyList<Measurement<double>> End()
    {
        foreach (var tags in _told)
        {
            if (!_tellsNow.Contains(tags))
            {
                _measurements.Add(new Measurement<double>(double.NaN, tags));
            }
        }

        _told.UnionWith(_tellsNow);
        return [.. _measurements]; // a copy: two readers may collect at a time
    }
}
