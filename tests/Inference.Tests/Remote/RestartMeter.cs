using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace InferenceServer.Inference.Tests.Remote;

/// <summary>Makes the engine's meter, and keeps what is counted as a restart. Any thread.</summary>
internal sealed class RestartMeter : IMeterFactory
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentQueue<string> _reasons = new();
    private Meter? _meter;

    public RestartMeter()
    {
        _listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Scope == this && instrument.Name == "inference.engine.restarts")
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((_, _, tags, _) => _reasons.Enqueue((string)tags[0].Value!));
        _listener.Start();
    }

    /// <summary>The reason of every restart so far.</summary>
    public IReadOnlyCollection<string> Reasons => _reasons;

    public Meter Create(MeterOptions options)
    {
        options.Scope = this;
        return _meter = new Meter(options);
    }

    public void Dispose()
    {
        _listener.Dispose();
        _meter?.Dispose();
    }
}
