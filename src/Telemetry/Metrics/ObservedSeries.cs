using System.Diagnostics.Metrics;

namespace InferenceServer.Telemetry.Metrics;

/// <summary>
/// What one observable instrument tells in one collection. A series that is not told ends: the SDK exports what was told since the collection before,
/// and nothing else. One thread at a time.
/// </summary>
internal sealed class ObservedSeries
{
    private readonly List<Measurement<double>> _measurements = [];

    /// <summary>All that was told.</summary>
    public IReadOnlyList<Measurement<double>> Measurements => _measurements;

    /// <summary>A series tells a value; NaN is none.</summary>
    public void Tell(double value, KeyValuePair<string, object?>[] tags)
    {
        if (!double.IsNaN(value))
        {
            _measurements.Add(new Measurement<double>(value, tags));
        }
    }
}
