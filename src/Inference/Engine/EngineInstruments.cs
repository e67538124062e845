using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace InferenceServer.Inference.Engine;

/// <summary>
/// The engine's meter, kept on the host's side of its face: what the engine tells by value is counted here, so that counters survive an engine
/// that is started anew. Nothing runs on the engine thread. Any thread.
/// </summary>
public sealed class EngineInstruments
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "InferenceServer.Engine";

    // A decode step of a tiny model takes under a millisecond; 256 tokens of a 70B on a small machine take a minute.
    private static readonly InstrumentAdvice<double> StepSeconds = new()
    {
        HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.04, 0.06, 0.08, 0.1, 0.15, 0.2, 0.25, 0.35, 0.5, 0.75, 1, 2.5, 5, 10, 30, 60],
    };

    // A step has 256 tokens at most, and 128 sequences.
    private static readonly InstrumentAdvice<int> StepSizes = new() { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256] };

    private static readonly KeyValuePair<string, object?>[] Kinds = [new("kind", "decode"), new("kind", "prefill"), new("kind", "mixed")];

    private readonly IInferenceEngine _engine;
    private readonly Histogram<double> _stepDuration;
    private readonly Histogram<double> _runDuration;
    private readonly Histogram<int> _stepTokens;
    private readonly Histogram<int> _stepSequences;
    private readonly Gauge<double> _loadDuration;
    private readonly Lock _gate = new();
    private EngineStats _last = new();
    private EngineStats _before = new();

    /// <param name="meters">Makes the meter.</param>
    /// <param name="engine">Whose numbers.</param>
    public EngineInstruments(IMeterFactory meters, IInferenceEngine engine)
    {
        ArgumentNullException.ThrowIfNull(meters);
        _engine = engine;
        var meter = meters.Create(MeterName);
        _stepDuration = meter.CreateHistogram("inference.step.duration", "s", "Duration of steps, from the device's begin to the last token published.", advice: StepSeconds);
        _runDuration = meter.CreateHistogram("inference.step.run.duration", "s", "Of a step, what the device computed and tokens were picked.", advice: StepSeconds);
        _stepTokens = meter.CreateHistogram("inference.step.tokens", "{token}", "Tokens computed by a step.", advice: StepSizes);
        _stepSequences = meter.CreateHistogram("inference.step.sequences", "{sequence}", "Sequences in a step: the batch size.", advice: StepSizes);
        _loadDuration = meter.CreateGauge<double>("inference.model.load.duration", "s", "How long the model took to load, warm-up included.");
        CreateGauges(meter);
        CreateCounters(meter);
        _ = new CacheInstruments(meter, () => _engine.Stats, Update);
    }

    /// <summary>
    /// Looks at the engine's counts: called often enough, an engine that ends leaves its last counts behind. Returns counts since this program's start,
    /// over all engines it had, and gauges as of now.
    /// </summary>
    public EngineStats Update()
    {
        lock (_gate)
        {
            var now = _engine.Stats;
            if (now.NumSteps < _last.NumSteps)
            {
                // Another engine, which counts from 0.
                _before = _last.After(_before);
            }

            _last = now;
            return now.After(_before);
        }
    }

    /// <summary>A <see cref="StepObserver"/>.</summary>
    public void Record(in StepReport report, ReadOnlySpan<StepRow> rows)
    {
        var kind = Kinds[!report.IsPrefill ? 0 : report.NumDecodes == 0 ? 1 : 2];
        _stepDuration.Record(Stopwatch.GetElapsedTime(report.StartedAt, report.EndedAt).TotalSeconds, kind);
        _runDuration.Record(report.RunSeconds, kind);
        if (report.NumDecodes + report.NumPrefillTokens is > 0 and var numTokens)
        {
            _stepTokens.Record(numTokens);
        }

        _stepSequences.Record(rows.Length);
    }

    /// <summary>The model is ready.</summary>
    public void RecordLoad(double seconds) => _loadDuration.Record(seconds);

    private static Measurement<T> Of<T>(T value, string key, string name)
        where T : struct => new(value, new KeyValuePair<string, object?>(key, name));

    private void CreateGauges(Meter meter)
    {
        meter.CreateObservableGauge("inference.engine.state", ReadState, null, "1 for the state that the engine is in, 0 for the others.");
        meter.CreateObservableGauge("inference.requests.running", () => _engine.Stats.NumRunning, "{request}", "Sequences that compute.");
        meter.CreateObservableGauge("inference.requests.waiting", ReadWaiting, "{request}", "Sequences that wait: for room, because they were preempted, or for another that computes the same prefix.");
        meter.CreateObservableGauge("inference.kv.cells", ReadCells, "{cell}", "KV cells by what is in them: running sequences, cached prefixes, nothing.");
        meter.CreateObservableGauge("inference.kv.usage", () => Share(_engine.Stats, stats => stats.NumUsedCells), "1", "KV cells that running sequences hold, as a share of all.");
        meter.CreateObservableGauge("inference.kv.cached", () => Share(_engine.Stats, stats => stats.NumCachedCells), "1", "KV cells that hold cached prefixes, as a share of all; taken when needed.");
    }

    private void CreateCounters(Meter meter)
    {
        Count("inference.steps", "{step}", "Steps that were computed.", stats => stats.NumSteps);
        Count("inference.steps.failed", "{step}", "Steps that the library had no cells for or that failed in the device; their rows are computed again.", stats => stats.NumFailedSteps);
        Count("inference.steps.keep_warm", "{step}", "Tokens computed for nobody while idle, so that the model stays warm; in no other count.", stats => stats.NumKeepWarmSteps);
        Count("inference.tokens.prompt", "{token}", "Prompt tokens of admitted requests, cached ones included.", stats => stats.NumPromptTokens);
        Count("inference.tokens.cached", "{token}", "Of the prompt tokens, those served by the prefix cache.", stats => stats.NumCachedTokens);
        Count("inference.tokens.queried", "{token}", "Of the prompt tokens, those looked for in the prefix cache.", stats => stats.NumQueriedTokens);
        Count("inference.tokens.prefilled", "{token}", "Tokens computed before a sequence's next token, those computed again after a preemption or in another process included.", stats => stats.NumPrefillTokens);
        Count("inference.tokens.generated", "{token}", "Tokens generated.", stats => stats.NumOutputTokens);
        Count("inference.preemptions", "{preemption}", "Sequences that lost their cells to another.", stats => stats.NumPreemptions);
        Count("inference.kv.book.checks", "{check}", "Times that the KV books were compared with the library's memory.", stats => stats.NumBookChecks);
        Count("inference.kv.book.errors", "{error}", "Times that they did not match: a bug.", stats => stats.NumBookErrors);
        meter.CreateObservableCounter("inference.step.reports.dropped", () => _engine.StepReports.NumDropped, "{report}", "Reports of steps that nobody read in time: the histograms of steps miss them.");

        void Count(string name, string unit, string description, Func<EngineStats, long> read) =>
            meter.CreateObservableCounter(name, () => read(Update()), unit, description);
    }

    private IEnumerable<Measurement<int>> ReadState()
    {
        var state = _engine.State;
        return
        [
            Of(state == EngineState.Loading ? 1 : 0, "state", "loading"),
            Of(state == EngineState.Ready ? 1 : 0, "state", "ready"),
            Of(state == EngineState.Recovering ? 1 : 0, "state", "recovering"),
            Of(state == EngineState.Failed ? 1 : 0, "state", "failed"),
            Of(state == EngineState.Stopping ? 1 : 0, "state", "stopping"),
        ];
    }

    private IEnumerable<Measurement<int>> ReadWaiting()
    {
        // Read while the engine works: the parts may be a step apart.
        var stats = _engine.Stats;
        var waiting = stats.NumWaiting + stats.NumQueued;
        var deferred = Math.Min(stats.NumDeferred, waiting);
        var preempted = Math.Min(stats.NumPreempted, waiting - deferred);
        return [Of(waiting - deferred - preempted, "reason", "capacity"), Of(preempted, "reason", "preempted"), Of(deferred, "reason", "deferred")];
    }

    private IEnumerable<Measurement<int>> ReadCells()
    {
        var stats = _engine.Stats;
        var free = stats.NumCells - stats.NumUsedCells - stats.NumCachedCells;
        return stats.NumCells == 0 ? [] : [Of(stats.NumUsedCells, "state", "used"), Of(stats.NumCachedCells, "state", "cached"), Of(free, "state", "free")];
    }

    // No cells, no share: while the model loads.
    private static IEnumerable<Measurement<double>> Share(EngineStats stats, Func<EngineStats, int> read) =>
        stats.NumCells == 0 ? [] : [new Measurement<double>((double)read(stats) / stats.NumCells)];
}
