using System.Diagnostics.Metrics;
using InferenceServer.Telemetry.Metrics;
using InferenceServer.Telemetry.Power.Attribution;

namespace InferenceServer.Telemetry.Power;

/// <summary>
/// Watts, joules and what goes with them, as instruments that are read when collected. Names <c>hw.*</c> are OpenTelemetry's for hardware, the
/// others ours. A channel that is not available has no series; the instruments that end in <c>available</c> say why. Any thread.
/// </summary>
public sealed class PowerInstruments
{
    private const double JoulesPerKilowattHour = 3.6e6;
    private static readonly EnergyBoundary[] Boundaries = [EnergyBoundary.Gpu, EnergyBoundary.Cpu, EnergyBoundary.System];

    private readonly PowerSampler _sampler;
    private readonly EnergyLedger _ledger;
    private readonly TimeProvider _clock;
    private readonly Dictionary<string, KeyValuePair<string, object?>[]> _tags = [];
    private readonly Lock _sync = new();

    /// <summary>Publishes the instruments.</summary>
    /// <param name="meters">Makes the meter.</param>
    /// <param name="sampler">Has the channels.</param>
    /// <param name="ledger">Has the joules of tokens.</param>
    /// <param name="options">Has the price.</param>
    /// <param name="clock">The sampler's.</param>
    public PowerInstruments(IMeterFactory meters, PowerSampler sampler, EnergyLedger ledger, PowerOptions options, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(meters);
        ArgumentNullException.ThrowIfNull(options);
        (_sampler, _ledger, _clock) = (sampler, ledger, clock);
        var meter = meters.Create(MeterNames.Power);
        AddEnergy(meter);
        AddGauges(meter);
        AddProcesses(meter);
        AddAvailability(meter);
        AddTokens(meter, options);
    }

    private void AddEnergy(Meter meter)
    {
        static bool TellsEnergy(PowerChannel channel) => channel.Quantity is PowerQuantity.Energy or PowerQuantity.Power && channel.TellsEnergy;
        static bool TellsPower(PowerChannel channel) => channel.Quantity is PowerQuantity.Energy or PowerQuantity.Power && channel.TellsPower;

        meter.CreateObservableCounter(
            "hw.energy", Observe(channel => channel.Type != "host" && TellsEnergy(channel), meter => meter.Joules), "J", "Energy used by a part of the machine.");
        meter.CreateObservableCounter(
            "hw.host.energy", Observe(channel => channel.Type == "host" && TellsEnergy(channel), meter => meter.Joules), "J", "Energy used by the whole machine.");
        meter.CreateObservableGauge(
            "hw.power", Observe(channel => channel.Type != "host" && TellsPower(channel), meter => meter.Value), "W", "Power of a part of the machine.");
        meter.CreateObservableGauge(
            "hw.host.power", Observe(channel => channel.Type == "host" && TellsPower(channel), meter => meter.Value), "W", "Power of the whole machine.");
    }

    private void AddGauges(Meter meter)
    {
        Gauge("hw.gpu.utilization", "1", PowerQuantity.Utilization, "gpu", "Share of time in which the GPU was in use.");
        Gauge("hw.gpu.memory.usage", "By", PowerQuantity.MemoryUsage, "gpu", "GPU memory in use.");
        Gauge("hw.gpu.memory.limit", "By", PowerQuantity.MemoryLimit, "gpu", "GPU memory there is.");
        Gauge("hw.temperature", "Cel", PowerQuantity.Temperature, null, "Temperature.");
        Gauge("inference.gpu.frequency", "Hz", PowerQuantity.Frequency, "gpu", "The GPU's clock, while in use.");
        Gauge("inference.npu.utilization", "1", PowerQuantity.Utilization, "npu", "Share of time in which the neural engine was in use, as near as the system tells.");
        Gauge("inference.thermal.pressure", null, PowerQuantity.ThermalPressure, null, "How much heat holds the machine back: 0 nominal, 1 moderate, 2 heavy, 3 trapping, 4 sleeping.");
        Gauge("inference.thermal.throttled", null, PowerQuantity.Throttled, null, "1 while heat slows the device down, else 0.");

        void Gauge(string name, string? unit, PowerQuantity quantity, string? type, string description) => meter.CreateObservableGauge(
            name, Observe(channel => channel.Quantity == quantity && (type is null || channel.Type == type), meter => meter.Value), unit, description);
    }

    private void AddProcesses(Meter meter)
    {
        meter.CreateObservableCounter(
            "inference.gpu.process.time",
            Observe(channel => channel.Quantity == PowerQuantity.ProcessTime, meter => meter.Value),
            "s",
            "Time of the GPU that this process and all others had.");
        meter.CreateObservableGauge(
            "inference.gpu.process.memory",
            Observe(channel => channel.Quantity == PowerQuantity.ProcessMemory, meter => meter.Value),
            "By",
            "GPU memory that this process and all others hold.");
    }

    private void AddAvailability(Meter meter)
    {
        meter.CreateObservableGauge(
            "inference.power.channel.available",
            () => Collect((series, now) =>
            {
                foreach (var monitor in _sampler.Monitors)
                {
                    monitor.Visit(
                        (each, _) =>
                        {
                            var fault = each.FaultAt(now);
                            series.Tell(fault == ChannelFault.None ? 1 : 0, Tags(each.Channel, Words.Of(fault)));
                        },
                        0);
                }
            }),
            null,
            "1 if a channel has a value, else 0 with the reason.");
        meter.CreateObservableGauge(
            "inference.power.provider.available",
            () => Collect((series, _) =>
            {
                foreach (var monitor in _sampler.Monitors)
                {
                    series.Tell(monitor.Fault == ChannelFault.None ? 1 : 0, Tags("provider", ("provider", monitor.Provider), ("reason", Words.Of(monitor.Fault))));
                }
            }),
            null,
            "1 if a kind of power source was found and works, else 0 with the reason.");
    }

    private void AddTokens(Meter meter, PowerOptions options)
    {
        meter.CreateObservableCounter(
            "inference.energy",
            () => Collect((series, now) =>
            {
                foreach (var boundary in Boundaries)
                {
                    if (FaultOf(boundary, now) != ChannelFault.None)
                    {
                        continue;
                    }

                    var totals = _ledger.GetTotals(boundary);
                    foreach (var (phase, joules) in new[] { ("prefill", totals.Prefill), ("decode", totals.Decode), ("idle", totals.Idle), ("unknown", totals.Unknown) })
                    {
                        series.Tell(joules, Tags("energy", ("source", Words.Of(boundary)), ("phase", phase)));
                    }
                }
            }),
            "J",
            "Energy by what it was used for. Sources contain each other and are never added.");
        Rate("inference.energy.per_token", "J", "Joules of the engine's steps for each generated token, over the last minute.", joules => joules);
        Rate("inference.energy.tokens_per_joule", null, "Generated tokens for each joule of the engine's steps, over the last minute.", joules => 1 / joules);
        if (options.PricePerKwh is { } price)
        {
            Rate(
                "inference.energy.cost_per_million_tokens",
                null,
                "Price of the energy for a million generated tokens, over the last minute.",
                joules => joules * 1e6 / JoulesPerKilowattHour * price,
                ("currency", options.Currency));
        }

        meter.CreateObservableGauge(
            "inference.energy.available",
            () => Collect((series, now) =>
            {
                foreach (var boundary in Boundaries)
                {
                    var fault = FaultOf(boundary, now);
                    series.Tell(fault == ChannelFault.None ? 1 : 0, Tags("energy", ("source", Words.Of(boundary)), ("reason", Words.Of(fault))));
                }
            }),
            null,
            "1 if the joules of tokens are known for a source, else 0 with the reason.");

        void Rate(string name, string? unit, string description, Func<double, double> convert, params (string, string)[] more)
        {
            meter.CreateObservableGauge(
                name,
                () => Collect((series, now) =>
                {
                    foreach (var boundary in Boundaries)
                    {
                        var joules = FaultOf(boundary, now) == ChannelFault.None ? _ledger.GetJoulesPerToken(boundary, now) : double.NaN;
                        series.Tell(joules > 0 ? convert(joules) : double.NaN, Tags(name, [("source", Words.Of(boundary)), .. more]));
                    }
                }),
                unit,
                description);
        }
    }

    // A boundary is as available as the least of its channels.
    private ChannelFault FaultOf(EnergyBoundary boundary, double now)
    {
        ChannelFault? least = null;
        foreach (var monitor in _sampler.Monitors)
        {
            monitor.Visit(
                (meter, ledger) =>
                {
                    if (least is null or ChannelFault.None && ledger.Counts(meter.Channel) && meter.Channel.Boundary == boundary)
                    {
                        least = meter.FaultAt(now);
                    }
                },
                _ledger);
        }

        return least ?? ChannelFault.NotFound;
    }

    private Func<IEnumerable<Measurement<double>>> Observe(Func<PowerChannel, bool> choose, Func<ChannelMeter, double> read) => () => Collect((series, now) =>
    {
        foreach (var monitor in _sampler.Monitors)
        {
            monitor.Visit(
                (meter, target) =>
                {
                    if (choose(meter.Channel))
                    {
                        target.Tell(meter.FaultAt(now) == ChannelFault.None ? read(meter) : double.NaN, Tags(meter.Channel, null));
                    }
                },
                series);
        }
    });

    private IReadOnlyList<Measurement<double>> Collect(Action<ObservedSeries, double> tell)
    {
        var series = new ObservedSeries();
        lock (_sync)
        {
            tell(series, _clock.GetSeconds());
        }

        return series.Measurements;
    }

    private KeyValuePair<string, object?>[] Tags(PowerChannel channel, string? reason) => Tags(
        reason is null ? "channel" : "availability",
        [
            ("hw.id", channel.Id),
            ("hw.type", channel.Type),
            .. reason is null ? new[] { ("hw.name", channel.Name) } : [("quantity", Words.Of(channel.Quantity))],
            .. channel.Parent is { } parent && reason is null ? new[] { ("hw.parent", parent) } : [],
            .. channel.Process is { } process ? new[] { ("process", process) } : [],
            .. channel is { Quantity: PowerQuantity.Utilization, Type: "gpu" } && reason is null ? new[] { ("hw.gpu.task", "general") } : [],
            .. reason is null ? Array.Empty<(string, string)>() : [("reason", reason)],
        ]);

    // Made once: a collection makes no tags anew.
    private KeyValuePair<string, object?>[] Tags(string kind, params (string Key, string Value)[] tags)
    {
        var key = kind + '\n' + string.Join('\n', tags.Select(tag => tag.Key + '=' + tag.Value));
        if (!_tags.TryGetValue(key, out var known))
        {
            known = [.. tags.Select(tag => new KeyValuePair<string, object?>(tag.Key, tag.Value))];
            _tags.Add(key, known);
        }

        return known;
    }
}
