namespace InferenceServer.Telemetry.Power;

/// <summary>Opens every source for a moment and reads it a few times: what an owner wants to see of a machine before believing its numbers.</summary>
public static class PowerProbe
{
    /// <summary>
    /// Reads what there is. Takes <paramref name="numSamples"/> times <paramref name="interval"/> if there is anything; a counter needs a reading before the first
    /// sample, and Apple's batches come every 2.2 s at most.
    /// </summary>
    /// <param name="providers">What this machine may have.</param>
    /// <param name="numSamples">Samples of every channel.</param>
    /// <param name="interval">Between two.</param>
    /// <param name="clock">The sources'.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    public static async Task<IReadOnlyList<ProbedProvider>> RunAsync(
        IEnumerable<PowerProvider> providers, int numSamples, TimeSpan interval, TimeProvider clock, CancellationToken cancellationToken)
    {
        var probes = providers.Select(provider => new Probe(provider)).ToList();
        try
        {
            for (var sample = 0; sample <= numSamples && probes.Exists(probe => probe.HasSource); sample++)
            {
                if (sample > 0)
                {
                    await Task.Delay(interval, clock, cancellationToken);
                }

                foreach (var probe in probes)
                {
                    probe.Read(clock, isSample: sample > 0);
                }
            }

            return [.. probes.Select(probe => probe.ToResult())];
        }
        finally
        {
            probes.ForEach(probe => probe.Dispose());
        }
    }

    private sealed class Probe : IDisposable
    {
        private readonly PowerProvider _provider;
        private readonly PowerOpening? _opening;
        private readonly ChannelMeter[] _meters = [];
        private readonly List<ProbedSample>[] _samples = [];
        private string? _failure;

        public Probe(PowerProvider provider)
        {
            _provider = provider;
            try
            {
                _opening = provider.Open();
                var channels = _opening.Source?.Channels ?? [];
                _meters = [.. channels.Select(channel => new ChannelMeter(channel))];
                _samples = [.. channels.Select(_ => new List<ProbedSample>())];
            }
#pragma warning disable CA1031 // Whatever a driver does is what the owner wants to see.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                _failure = exception.Message;
            }
        }

        public bool HasSource => _opening?.Source is not null && _failure is null;

        public void Read(TimeProvider clock, bool isSample)
        {
            if (_opening?.Source is not { } source || _failure is not null)
            {
                return;
            }

            var readings = new PowerReading[_meters.Length];
            try
            {
                var now = clock.GetSeconds();
                source.Read(now, readings);
                for (var i = 0; i < _meters.Length; i++)
                {
                    _meters[i].Take(readings[i], now, isWorking: false, out _);
                    if (isSample)
                    {
                        _samples[i].Add(new ProbedSample(_meters[i].Value, _meters[i].Fault));
                    }
                }
            }
#pragma warning disable CA1031 // As above.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                _failure = exception.Message;
            }
        }

        public ProbedProvider ToResult() => new(
            _provider.Name,
            _failure is null ? _opening!.Fault : ChannelFault.Failed,
            _failure ?? _opening!.Detail,
            [.. _meters.Zip(_samples, (meter, samples) => new ProbedChannel(meter.Channel, samples))]);

        public void Dispose() => _opening?.Source?.Dispose();
    }
}

/// <summary>A provider that was looked at.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Fault">Why it has nothing; None if it was opened.</param>
/// <param name="Detail">What is missing, in a sentence; null if nothing.</param>
/// <param name="Channels">What was found.</param>
public sealed record ProbedProvider(string Name, ChannelFault Fault, string? Detail, IReadOnlyList<ProbedChannel> Channels);

/// <summary>A channel and what it said.</summary>
/// <param name="Channel">Which.</param>
/// <param name="Samples">In order; fewer than asked for if the source failed.</param>
public sealed record ProbedChannel(PowerChannel Channel, IReadOnlyList<ProbedSample> Samples);

/// <summary>One sample.</summary>
/// <param name="Value">Watts for energy and power, otherwise in the quantity's unit; NaN if there is none.</param>
/// <param name="Fault">Why there is none; None if there is.</param>
public readonly record struct ProbedSample(double Value, ChannelFault Fault);
