using System.Diagnostics.Metrics;
using InferenceServer.Telemetry.Metrics;

namespace InferenceServer.Telemetry.Roofline;

/// <summary>
/// Memory bandwidth used (MBU) and what it allows, over steps that only decode: bytes such steps had to read, times steps per second, over the machine's
/// nominal bandwidth. Gauges look at the last seconds and have no series while nobody decodes. Any thread.
/// </summary>
public sealed class RooflineInstruments
{
    // Long enough to be steady at a few steps a second, short enough to follow a changed load.
    private const int WindowSeconds = 10;

    private readonly double? _nominal;
    private readonly TimeProvider _clock;
    private readonly Sums[] _seconds = new Sums[WindowSeconds];
    private readonly Lock _gate = new();
    private Sums _total;

    /// <param name="meters">Makes the meter.</param>
    /// <param name="bandwidth">The machine's.</param>
    /// <param name="modelFault">Why the model's bytes are not known, a label; null if they are.</param>
    /// <param name="clock">Tells what is recent.</param>
    public RooflineInstruments(IMeterFactory meters, NominalBandwidth bandwidth, string? modelFault, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(meters);
        ArgumentNullException.ThrowIfNull(bandwidth);
        _clock = clock;
        _nominal = modelFault is null ? bandwidth.BytesPerSecond : null;
        var meter = meters.Create(MeterNames.Roofline);
        meter.CreateObservableCounter("inference.decode.read", () => Known(modelFault is null, Total().Bytes), "By", "Bytes of weights and KV cache that steps which only decode had to read.");
        meter.CreateObservableCounter("inference.decode.time", () => Total().Duration, "s", "Time of steps that only decode.");
        meter.CreateObservableCounter("inference.decode.tokens", () => Total().Tokens, "{token}", "Tokens computed by steps that only decode.");
        meter.CreateObservableGauge("inference.decode.rate", () => Recent(sums => sums.Tokens / sums.Duration), "{token}/s", "Tokens a second of the steps of the last seconds that only decode, over all sequences.");
        meter.CreateObservableGauge(
            "inference.decode.rate.ceiling",
            () => Recent(sums => sums.Tokens / (sums.Bytes / _nominal)),
            "{token}/s",
            "Ceiling, not a measurement: tokens a second of the same steps if memory gave its nominal bandwidth and nothing else took time.");
        meter.CreateObservableGauge("inference.mbu", () => Recent(sums => sums.Bytes / sums.Duration / _nominal), "1", "Memory bandwidth used by steps that only decode, as a share of the nominal.");
        meter.CreateObservableGauge("inference.bandwidth.nominal", () => Known(bandwidth.BytesPerSecond is not null, bandwidth.BytesPerSecond ?? 0), "By/s", "Memory bandwidth of this machine by its maker's word.");
        var reason = new KeyValuePair<string, object?>("reason", bandwidth.BytesPerSecond is null ? bandwidth.Source : modelFault ?? bandwidth.Source);
        meter.CreateObservableGauge("inference.mbu.available", () => new Measurement<int>(_nominal is null ? 0 : 1, reason), null, "1 if the bandwidth used can be told, with where the nominal one is from; else 0 with the reason.");
    }

    /// <summary>A step that only decoded was computed.</summary>
    /// <param name="bytes">Weights and KV that it read; not used if the model's are not known.</param>
    /// <param name="seconds">Its duration.</param>
    /// <param name="numTokens">Its tokens.</param>
    public void Observe(double bytes, double seconds, int numTokens)
    {
        var step = new Sums(Second(), bytes, seconds, numTokens);
        lock (_gate)
        {
            _total = Add(_total, step);
            ref var current = ref _seconds[step.Second % WindowSeconds];
            current = current.Second == step.Second ? Add(current, step) : step;
        }
    }

    private static IEnumerable<Measurement<double>> Known(bool isKnown, double value) => isKnown ? [new Measurement<double>(value)] : [];

    private static Sums Add(in Sums a, in Sums b) => a with { Bytes = a.Bytes + b.Bytes, Duration = a.Duration + b.Duration, Tokens = a.Tokens + b.Tokens };

    private Sums Total()
    {
        lock (_gate)
        {
            return _total;
        }
    }

    private IEnumerable<Measurement<double>> Recent(Func<Sums, double?> read)
    {
        var now = Second();
        Sums sums = default;
        lock (_gate)
        {
            foreach (ref readonly var second in _seconds.AsSpan())
            {
                sums = now - second.Second < WindowSeconds ? Add(sums, second) : sums;
            }
        }

        return sums.Duration > 0 && read(sums) is { } value && double.IsFinite(value) ? [new Measurement<double>(value)] : [];
    }

    // Never 0, which empty places have.
    private long Second() => (_clock.GetTimestamp() / _clock.TimestampFrequency) + WindowSeconds;

    private readonly record struct Sums(long Second, double Bytes, double Duration, long Tokens);
}
