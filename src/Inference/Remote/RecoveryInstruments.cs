using System.Diagnostics.Metrics;
using InferenceServer.Inference.Engine;

namespace InferenceServer.Inference.Remote;

/// <summary>What became of engines that ended, in the engine's meter. Any thread.</summary>
public sealed class RecoveryInstruments
{
    // A tiny model is back in half a second, one of 40 GB from a slow disk in minutes.
    private static readonly InstrumentAdvice<double> Seconds = new() { HistogramBucketBoundaries = [0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 60, 120, 300] };

    private static readonly Dictionary<EngineExit, KeyValuePair<string, object?>> Reasons = new()
    {
        [EngineExit.Exited] = new("reason", "exited"),
        [EngineExit.Aborted] = new("reason", "aborted"),
        [EngineExit.Killed] = new("reason", "killed"),
        [EngineExit.OutOfMemory] = new("reason", "out_of_memory"),
        [EngineExit.Signal] = new("reason", "signal"),
        [EngineExit.Failed] = new("reason", "failed"),
        [EngineExit.LoadFailed] = new("reason", "load_failed"),
        [EngineExit.Hang] = new("reason", "hang"),
        [EngineExit.Stalled] = new("reason", "stalled"),
        [EngineExit.QueueStuck] = new("reason", "queue_stuck"),
        [EngineExit.Books] = new("reason", "books"),
        [EngineExit.BadFrame] = new("reason", "bad_frame"),
    };

    private readonly Counter<long> _restarts;
    private readonly Histogram<double> _duration;
    private readonly Counter<long> _recovered;
    private long _numRefused;

    /// <param name="meters">Makes the meter.</param>
    public RecoveryInstruments(IMeterFactory meters)
    {
        ArgumentNullException.ThrowIfNull(meters);
        var meter = meters.Create(EngineInstruments.MeterName);
        _restarts = meter.CreateCounter<long>("inference.engine.restarts", "{restart}", "Times that the engine's process was started anew, by why the one before ended.");
        _duration = meter.CreateHistogram("inference.engine.recovery.duration", "s", "From the end of an engine's process until the next one took requests.", advice: Seconds);
        _recovered = meter.CreateCounter<long>("inference.engine.requests.recovered", "{request}", "Requests that went on in another process than they were begun in, each time.");
        meter.CreateObservableCounter("inference.engine.requests.refused", () => Volatile.Read(ref _numRefused), "{request}", "Requests that ended the engine again and again and were ended for it, and those like them that were refused since.");
    }

    internal void Ended(EngineExit reason) => _restarts.Add(1, Reasons[reason]);

    internal void Recovered(TimeSpan after, int numRequests)
    {
        _duration.Record(after.TotalSeconds);
        _recovered.Add(numRequests);
    }

    internal void Refuse(long total) => Volatile.Write(ref _numRefused, total);
}
