using InferenceServer.Telemetry.Power.Attribution;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Telemetry.Power;

/// <summary>
/// Reads every source on a timer of its own. A reading runs on a pool thread and nobody waits for it: while one hangs, its own ticks are
/// skipped, its values grow stale, and the other sources go on.
/// </summary>
public sealed class PowerSampler : IDisposable
{
    private readonly TimeProvider _clock;
    private readonly TimeSpan _minInterval;
    private readonly Lock _sync = new();
    private readonly List<Ticker> _tickers = [];
    private bool _isDisposed;

    /// <summary>Opens nothing yet.</summary>
    /// <param name="providers">What this machine may have.</param>
    /// <param name="options">How often.</param>
    /// <param name="ledger">Gets the joules.</param>
    /// <param name="clock">The time of everything here.</param>
    /// <param name="logger">For sources that come and go.</param>
    public PowerSampler(IEnumerable<PowerProvider> providers, PowerOptions options, EnergyLedger ledger, TimeProvider clock, ILogger<PowerSampler> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        _clock = clock;
        _minInterval = TimeSpan.FromMilliseconds(options.IntervalMs);
        Monitors = [.. providers.Select(provider => new SourceMonitor(provider, ledger, logger))];
    }

    /// <summary>One per provider.</summary>
    internal IReadOnlyList<SourceMonitor> Monitors { get; }

    /// <summary>Begins to read; returns at once. Call once.</summary>
    /// <returns>Done when every source was opened and read once.</returns>
    public Task StartAsync() => Task.Run(() =>
    {
        // In order: the first provider to fill a boundary has it.
        foreach (var monitor in Monitors)
        {
            monitor.Tick(_clock.GetSeconds());
            lock (_sync)
            {
                if (_isDisposed)
                {
                    monitor.Dispose();
                    return;
                }

                _tickers.Add(new Ticker(monitor, _minInterval, _clock));
            }
        }
    });

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_sync)
        {
            _isDisposed = true;
            foreach (var ticker in _tickers)
            {
                ticker.Dispose();
            }
        }
    }

    /// <summary>The timer of one source.</summary>
    private sealed class Ticker : IDisposable
    {
        private readonly SourceMonitor _monitor;
        private readonly TimeSpan _minInterval;
        private readonly TimeProvider _clock;
        private readonly ITimer _timer;
        private TimeSpan _interval;
        private int _isReading;
        private volatile bool _isDisposed;

        public Ticker(SourceMonitor monitor, TimeSpan minInterval, TimeProvider clock)
        {
            _monitor = monitor;
            _minInterval = minInterval;
            _clock = clock;
            _timer = clock.CreateTimer(static state => ((Ticker)state!).Tick(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            Schedule();
        }

        public void Dispose()
        {
            _isDisposed = true;
            _timer.Dispose();

            // Whoever reads right now closes the source when done.
            if (Interlocked.Exchange(ref _isReading, 1) == 0)
            {
                _monitor.Dispose();
            }
        }

        private void Tick()
        {
            if (Interlocked.Exchange(ref _isReading, 1) != 0)
            {
                return;
            }

            _monitor.Tick(_clock.GetSeconds());
            Schedule();
            Volatile.Write(ref _isReading, 0);
            if (_isDisposed && Interlocked.Exchange(ref _isReading, 1) == 0)
            {
                _monitor.Dispose();
            }
        }

        // The period is known once the source is open, and changes when it is opened again.
        private void Schedule()
        {
            var interval = _monitor.IsAbsent ? Timeout.InfiniteTimeSpan : _monitor.Interval > _minInterval ? _monitor.Interval : _minInterval;
            if (interval != _interval && !_isDisposed)
            {
                _interval = interval;
                _timer.Change(interval, interval);
            }
        }
    }
}
