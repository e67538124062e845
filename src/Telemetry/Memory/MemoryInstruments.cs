using System.Diagnostics.Metrics;
using InferenceServer.Telemetry.Metrics;
using InferenceServer.Telemetry.Power;

namespace InferenceServer.Telemetry.Memory;

/// <summary>
/// Memory of the model, the process and the machine, as instruments that are read when collected. Names <c>system.*</c> and <c>process.*</c>
/// are OpenTelemetry's, the others ours. What the system does not tell has no series, and <c>inference.memory.available</c> says so. Any thread.
/// </summary>
public sealed class MemoryInstruments
{
    private readonly MemorySampler _sampler;
    private readonly Func<ModelMemory> _model;
    private readonly Lock _sync = new();

    // What an owner may miss, by name: told as available or not.
    private readonly List<(string Quantity, Func<MemoryState, ChannelFault> Fault)> _quantities = [];

    /// <summary>Publishes the instruments.</summary>
    /// <param name="meters">Makes the meter.</param>
    /// <param name="sampler">Has the numbers.</param>
    /// <param name="model">What the engine says of its model now.</param>
    public MemoryInstruments(IMeterFactory meters, MemorySampler sampler, Func<ModelMemory> model)
    {
        ArgumentNullException.ThrowIfNull(meters);
        (_sampler, _model) = (sampler, model);
        var meter = meters.Create(MeterNames.Memory);
        AddModel(meter);
        AddMachine(meter);
        AddProcess(meter);
        AddAvailability(meter);
    }

    private void AddModel(Meter meter)
    {
        Gauge(meter, "inference.model.resident", "By", "Of the model's mapped files, what is in memory.", state => state.Resident);
        Gauge(meter, "inference.model.mapped", "By", "Bytes of the model's files that the engine has mapped.", state => state.Mapped);
        Gauge(meter, "inference.model.paged", null, "1 while the model is being read from the disk although it should be in memory, else 0.", state => state.IsPaged switch
        {
            true => 1,
            false => 0,
            null => null,
        });
        _quantities.Add(("model_resident", state => state.ResidencyFault));
        Observe(meter, "inference.memory.usage", "By", "Memory by what it is for. What is on a device is counted there, not in the machine's memory.", (state, tell) =>
        {
            var model = _model();
            tell(model.Weights, "component", "weights");
            tell(model.KvCache, "component", "kv_cache");
            tell(model.Compute, "component", "compute");
            tell(GC.GetGCMemoryInfo(GCKind.Any).TotalCommittedBytes, "component", "runtime");
            tell(state.Reading.Used - state.Reading.ProcessUsed is { } others ? Math.Max(0, others) : null, "component", "other_processes");
        });
    }

    private void AddMachine(Meter meter)
    {
        Gauge(meter, "system.memory.limit", "By", "Memory of the machine.", state => state.Reading.Total);
        Observe(meter, "system.memory.usage", "By", "Memory of the machine by state. Free is what programs may still take, the cache of files included.", (state, tell) =>
        {
            tell(state.Reading.Used, "system.memory.state", "used");
            tell(state.Reading.Total - state.Reading.Used, "system.memory.state", "free");
            tell(state.Reading.Compressed, "system.memory.state", "compressor");
        });
        Observe(meter, "system.paging.usage", "By", "Swap space by state.", (state, tell) =>
        {
            tell(state.Reading.SwapUsed, "system.paging.state", "used");
            tell(state.Reading.SwapTotal - state.Reading.SwapUsed, "system.paging.state", "free");
        });
        Observe(
            meter,
            "system.paging.io",
            "By",
            "Bytes moved to and from swap since the system started.",
            (state, tell) =>
            {
                tell(state.Reading.SwappedIn, "system.paging.direction", "in");
                tell(state.Reading.SwappedOut, "system.paging.direction", "out");
            },
            isCounter: true);
        Observe(meter, "inference.memory.locked", "By", "Memory that stays where it is: wired by the system, or locked by programs.", (state, tell) =>
        {
            tell(state.Reading.Locked, "scope", "machine");
            tell(state.Reading.ProcessLocked, "scope", "process");
        });
        Observe(meter, "inference.memory.pressure", "1", "Share of the last 10 s in which some task, or all, waited for memory.", (state, tell) =>
        {
            tell(state.Reading.SomeWaiting, "tasks", "some");
            tell(state.Reading.AllWaiting, "tasks", "all");
        });
        Observe(
            meter,
            "inference.memory.waiting",
            "s",
            "Time in which some task, or all, waited for memory, since the system started.",
            (state, tell) =>
            {
                tell(state.Reading.SomeWaitingSeconds, "tasks", "some");
                tell(state.Reading.AllWaitingSeconds, "tasks", "all");
            },
            isCounter: true);
        Gauge(meter, "inference.memory.pressure.level", null, "The system's own word for memory pressure: 0 normal, 1 warning, 2 critical.", state => state.Reading.PressureLevel);
        Gauge(meter, "inference.memory.working_set.limit", "By", "Memory that the GPU may hold at once without losing speed.", state => state.Reading.RecommendedWorkingSet);
        Gauge(meter, "inference.memory.working_set.usage", "By", "Memory that this process has allocated for the GPU.", state => state.Reading.WorkingSet);
        Available("swap", state => state.Reading.SwapTotal);
        Available("locked", state => state.Reading.Locked);
        Available("pressure", state => state.Reading.SomeWaiting ?? state.Reading.PressureLevel);
        Available("working_set", state => state.Reading.RecommendedWorkingSet);
    }

    private void AddProcess(Meter meter)
    {
        Gauge(meter, "process.memory.usage", "By", "Memory of the process without mapped files: what it alone takes from the machine.", state => state.Reading.ProcessUsed);
        Gauge(meter, "process.memory.swapped", "By", "Memory of the process that is in swap.", state => state.Reading.ProcessSwapped);
        Observe(
            meter,
            "process.paging.faults",
            "{fault}",
            "Page faults of the process; a major one waits for a disk.",
            (state, tell) =>
            {
                tell(state.Reading.MajorFaults, "system.paging.fault.type", "major");
                tell(state.Reading.MinorFaults, "system.paging.fault.type", "minor");
            },
            isCounter: true);
        Available("major_faults", state => state.Reading.MajorFaults);
    }

    private void AddAvailability(Meter meter)
    {
        _quantities.Add(("weights", state => FaultOf(state, _model().Weights)));
        _quantities.Add(("kv_cache", state => FaultOf(state, _model().KvCache)));
        _quantities.Add(("compute", state => FaultOf(state, _model().Compute)));
        var tags = new Dictionary<(string, ChannelFault), KeyValuePair<string, object?>[]>();
        meter.CreateObservableGauge(
            "inference.memory.available",
            () =>
            {
                var series = new ObservedSeries();
                lock (_sync)
                {
                    var state = _sampler.State;
                    foreach (var (quantity, faultOf) in _quantities)
                    {
                        var fault = faultOf(state);
                        if (!tags.TryGetValue((quantity, fault), out var known))
                        {
                            known = [new("quantity", quantity), new("reason", Words.Of(fault))];
                            tags.Add((quantity, fault), known);
                        }

                        series.Tell(fault == ChannelFault.None ? 1 : 0, known);
                    }

                    return series.Measurements;
                }
            },
            null,
            "1 if a quantity is known, else 0 with the reason.");
    }

    private void Available(string quantity, Func<MemoryState, double?> read) => _quantities.Add((quantity, state => FaultOf(read(state))));

    // What the engine tells it tells once the model is loaded.
    private static ChannelFault FaultOf(MemoryState state, long? bytes) => bytes is null && state.IsPaged is null ? ChannelFault.Starting : FaultOf(bytes);

    private static ChannelFault FaultOf(double? value) => value is null ? ChannelFault.NotSupported : ChannelFault.None;

    private void Gauge(Meter meter, string name, string? unit, string description, Func<MemoryState, double?> read) =>
        Observe(meter, name, unit, description, (state, tell) => tell(read(state), null, null));

    private void Observe(Meter meter, string name, string? unit, string description, Action<MemoryState, Action<double?, string?, string?>> tellAll, bool isCounter = false)
    {
        var tags = new Dictionary<string, KeyValuePair<string, object?>[]>();
        void Tell(ObservedSeries series, double? value, string? key, string? word)
        {
            if (!tags.TryGetValue(word ?? "", out var known))
            {
                known = key is null ? [] : [new(key, word)];
                tags.Add(word ?? "", known);
            }

            series.Tell(value ?? double.NaN, known);
        }

        IEnumerable<Measurement<double>> Collect()
        {
            var series = new ObservedSeries();
            lock (_sync)
            {
                tellAll(_sampler.State, (value, key, word) => Tell(series, value, key, word));
                return series.Measurements;
            }
        }

        if (isCounter)
        {
            meter.CreateObservableCounter(name, Collect, unit, description);
        }
        else
        {
            meter.CreateObservableGauge(name, Collect, unit, description);
        }
    }
}
