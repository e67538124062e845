using System.Diagnostics.Metrics;
using InferenceServer.Telemetry.Metrics;

namespace InferenceServer.Server.Web;

/// <summary>
/// Reads this server's instruments by name, as a scraper would: so the page shows what <c>/metrics</c> tells, and whatever a machine does not
/// have is missing here too. Any thread.
/// </summary>
internal sealed class MeterReader : IDisposable
{
    /// <summary>The pauses of streams.</summary>
    public const string Gap = "inference.inter_token.gap";

    private readonly MeterListener _listener = new();
    private readonly Lock _gate = new();
    private Dictionary<string, List<MeterValue>> _values = [];

    /// <param name="meters">The server's own: another server in this process has others.</param>
    /// <param name="gaps">Gets the pauses of streams.</param>
    public MeterReader(IMeterFactory meters, GapWindow gaps)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            var isOurs = instrument.Meter.Scope == meters;
            if (isOurs && (instrument.Name == Gap || (instrument.IsObservable && instrument.Meter.Name is MeterNames.Power or MeterNames.Memory or MeterNames.Roofline or MeterNames.Process)))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) =>
        {
            if (instrument.IsObservable)
            {
                Keep(instrument.Name, value, tags);
            }
            else
            {
                gaps.Add(value);
            }
        });
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Keep(instrument.Name, value, tags));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Keep(instrument.Name, value, tags));
        _listener.Start();
    }

    /// <summary>Asks every instrument once.</summary>
    public MeterValues Read()
    {
        lock (_gate)
        {
            _values = [];
            try
            {
                _listener.RecordObservableInstruments();
            }
            catch (AggregateException)
            {
                // What could be read was: an instrument that throws has no value.
            }

            return new MeterValues(_values);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();

    // Within Read, on its thread.
    private void Keep(string name, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (double.IsFinite(value))
        {
            if (!_values.TryGetValue(name, out var values))
            {
                _values.Add(name, values = []);
            }

            values.Add(new MeterValue(value, tags.ToArray()));
        }
    }
}

/// <summary>One series.</summary>
/// <param name="Value">Finite.</param>
/// <param name="Tags">Its labels.</param>
internal sealed record MeterValue(double Value, KeyValuePair<string, object?>[] Tags)
{
    /// <summary>A label; null if it has none of that name.</summary>
    public string? this[string key] => Tags.FirstOrDefault(tag => tag.Key == key).Value as string;
}

/// <summary>What instruments said, by their names.</summary>
internal sealed class MeterValues(IReadOnlyDictionary<string, List<MeterValue>> values)
{
    /// <summary>All series of an instrument.</summary>
    public IReadOnlyList<MeterValue> this[string name] => values.TryGetValue(name, out var found) ? found : [];

    /// <summary>The series with a label, or the first if none is asked for; null if there is none.</summary>
    public double? Find(string name, string? key = null, string? label = null) =>
        this[name].FirstOrDefault(value => key is null || value[key] == label)?.Value;
}
