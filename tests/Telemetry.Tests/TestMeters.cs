using System.Diagnostics.Metrics;

namespace InferenceServer.Telemetry.Tests;

/// <summary>Makes meters as a host does, all of one scope, and reads what they observe.</summary>
internal sealed class TestMeters : IMeterFactory
{
    private readonly List<Meter> _meters = [];

    public Meter Create(MeterOptions options)
    {
        options.Scope = this;
        var meter = new Meter(options);
        _meters.Add(meter);
        return meter;
    }

    /// <summary>The observable instruments of doubles now: by name and tags, as <c>name{key=value,...}</c>.</summary>
    public Dictionary<string, double> Read()
    {
        var series = new Dictionary<string, double>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Scope == this)
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) =>
            series.Add($"{instrument.Name}{{{string.Join(',', tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"))}}}", value));
        listener.Start();
        listener.RecordObservableInstruments();
        return series;
    }

    public void Dispose() => _meters.ForEach(meter => meter.Dispose());
}
