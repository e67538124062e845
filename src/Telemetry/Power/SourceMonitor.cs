using InferenceServer.Telemetry.Power.Attribution;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Telemetry.Power;

/// <summary>
/// One provider at work: opens its source, reads it, feeds its channels' meters, and lives through its failures: then all its channels
/// are unavailable and the source is opened anew after a while, each time twice as long. <see cref="Tick"/> on one thread at a time; the rest from any.
/// </summary>
internal sealed class SourceMonitor(PowerProvider provider, EnergyLedger ledger, ILogger logger) : IDisposable
{
    /// <summary>Seconds until a failed source is tried again for the first time, and at most.</summary>
    public const double FirstRetry = 1, LastRetry = 300;

    private readonly Lock _sync = new();
    private readonly Dictionary<(string Id, PowerQuantity Quantity, string? Process), ChannelMeter> _known = [];
    private readonly List<(PowerChannel Channel, EnergyWindow Window)> _windows = [];
    private IPowerSource? _source;
    private PowerReading[] _readings = [];
    private ChannelMeter[] _meters = [];
    private int[] _loads = [];
    private double _readAt;
    private double _retryAt = double.NegativeInfinity;
    private double _retryAfter = FirstRetry;

    /// <summary>Whose source.</summary>
    public string Provider => provider.Name;

    /// <summary>Why there is nothing to read; None if there is.</summary>
    public ChannelFault Fault { get; private set; } = ChannelFault.Starting;

    /// <summary>The same in a sentence, or what the source cannot do here; null if nothing.</summary>
    public string? Detail { get; private set; }

    /// <summary>How often to read; a second until the source is open.</summary>
    public TimeSpan Interval { get; private set; } = TimeSpan.FromSeconds(1);

    /// <summary>True: this machine has no such source, so there is no point in asking again.</summary>
    public bool IsAbsent => Fault is ChannelFault.NotFound or ChannelFault.NotEnabled or ChannelFault.NotSupported or ChannelFault.Permission && _source is null;

    /// <summary>One look. Never throws.</summary>
    /// <param name="now">Seconds on <see cref="MonotonicClock"/>.</param>
    public void Tick(double now)
    {
        if (IsAbsent || now < _retryAt)
        {
            return;
        }

        try
        {
            if (_source is null)
            {
                Open();
            }

            if (_source is not null)
            {
                _source.Read(now, _readings);
                Apply(now);
                _retryAfter = FirstRetry;
            }
        }
#pragma warning disable CA1031 // Whatever a driver does must not reach the server.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Fail(now, exception);
        }
    }

    /// <summary>Calls back for every channel of the source, under the lock that keeps its meter whole.</summary>
    public void Visit<T>(Action<ChannelMeter, T> visit, T state)
    {
        lock (_sync)
        {
            foreach (var meter in _meters)
            {
                visit(meter, state);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _source?.Dispose();
        _source = null;
    }

    private void Open()
    {
        var opening = provider.Open();
        lock (_sync)
        {
            (Fault, Detail) = (opening.Fault, opening.Detail);
            _source = opening.Source;
            var channels = _source?.Channels ?? [];
            _readings = new PowerReading[channels.Count];

            // The same part keeps its joules when its source is opened again.
            _meters = [.. channels.Select(MeterOf)];
            _loads = [.. channels.Select(channel => LoadOf(channel, channels))];
        }

        if (_source is not null)
        {
            Interval = _source.Interval;
            foreach (var meter in _meters)
            {
                ledger.Register(meter.Channel);
            }

            PowerLog.SourceOpened(logger, provider.Name, _meters.Length);
        }
        else
        {
            PowerLog.SourceAbsent(logger, provider.Name, Detail);
        }
    }

    private ChannelMeter MeterOf(PowerChannel channel)
    {
        var key = (channel.Id, channel.Quantity, channel.Process);
        if (!_known.TryGetValue(key, out var meter))
        {
            meter = new ChannelMeter(channel);
            _known.Add(key, meter);
        }

        return meter;
    }

    private static int LoadOf(PowerChannel channel, IReadOnlyList<PowerChannel> channels)
    {
        for (var i = 0; i < channels.Count && channel.Load == LoadSignal.Utilization; i++)
        {
            if (channels[i].Quantity == PowerQuantity.Utilization && channels[i].Id == channel.Id)
            {
                return i;
            }
        }

        return -1;
    }

    private void Apply(double now)
    {
        lock (_sync)
        {
            for (var i = 0; i < _meters.Length; i++)
            {
                var before = _meters[i].Fault;
                if (_meters[i].Take(_readings[i], now, IsWorking(i, now), out var window))
                {
                    _windows.Add((_meters[i].Channel, window));
                }

                if (before == ChannelFault.None && _meters[i].Fault is not (ChannelFault.None or ChannelFault.Idle))
                {
                    PowerLog.ChannelLost(logger, _meters[i].Channel.Quantity, _meters[i].Channel.Id, _meters[i].Fault);
                }
            }
        }

        foreach (var (channel, window) in _windows)
        {
            ledger.AddWindow(channel, window, now);
        }

        _windows.Clear();
        _readAt = now;
    }

    private bool IsWorking(int index, double now) => _meters[index].Channel.Load switch
    {
        // A twentieth: a counter in nanojoules cannot miss that.
        LoadSignal.Utilization => _loads[index] >= 0 && _readings[_loads[index]] is { Fault: ChannelFault.None, Value: > 0.05 },
        LoadSignal.Engine => ledger.GetBusyShare(_readAt, now) > 0.5,
        _ => false,
    };

    private void Fail(double now, Exception exception)
    {
        PowerLog.SourceFailed(logger, provider.Name, _retryAfter, exception);
        lock (_sync)
        {
            Fault = ChannelFault.Failed;
            Detail = exception.Message;
            foreach (var meter in _meters)
            {
                meter.Lose(ChannelFault.Failed);
            }
        }

        _retryAt = now + _retryAfter;
        _retryAfter = Math.Min(LastRetry, _retryAfter * 2);
        try
        {
            _source?.Dispose();
        }
#pragma warning disable CA1031 // As above.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            PowerLog.SourceNotClosed(logger, provider.Name, failure);
        }

        _source = null;
    }
}
