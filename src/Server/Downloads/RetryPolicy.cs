using System.Globalization;

namespace InferenceServer.Server.Downloads;

/// <summary>
/// Decides how long to wait after failures and when to give up, for all connections of a download together: a server that is
/// overloaded is so for all of them. Whoever watches the progress is told of every wait. Any thread.
/// </summary>
internal sealed class RetryPolicy(DownloadOptions options, TimeProvider clock, DownloadProgress progress)
{
    private readonly Lock _lock = new();
    private int _failures;
    private int _round;
    private DateTimeOffset _resumeAt = DateTimeOffset.MinValue;

    /// <summary>Bytes arrived: earlier failures are forgotten.</summary>
    public void Succeed()
    {
        lock (_lock)
        {
            _failures = 0;
            progress.Trouble = null;
        }
    }

    /// <summary>Counts a failure; false if it was one too many. An attempt that began before the last counted failure is no further one.</summary>
    /// <param name="round">What <see cref="WaitAsync"/> gave before the attempt.</param>
    /// <param name="problem">What failed, for people.</param>
    /// <param name="failure">The exception; null if there was none. A server may have asked for a wait.</param>
    public bool TryAgain(int round, string problem, Exception? failure)
    {
        var retryAfter = (failure as ServerFailureException)?.RetryAfter;
        lock (_lock)
        {
            if (round != _round)
            {
                return true;
            }

            _round++;
            if (++_failures >= options.MaxFailures)
            {
                return false;
            }

            var now = clock.GetUtcNow();
            var asked = retryAfter?.Delta ?? (retryAfter?.Date - now) ?? TimeSpan.Zero;
            var own = options.FirstDelay * Math.Pow(2, _failures - 1);
            var delay = asked > own ? asked : own;
            delay = delay < options.MaxDelay ? delay : options.MaxDelay;
            _resumeAt = now + delay;
            progress.Trouble = string.Create(CultureInfo.InvariantCulture, $"{problem}; trying again in {Math.Ceiling(delay.TotalSeconds):F0} s, attempt {_failures + 1} of {options.MaxFailures}");
            return true;
        }
    }

    /// <summary>Waits until the server may be asked again, and numbers the attempt that begins then.</summary>
    public async Task<int> WaitAsync(CancellationToken cancellationToken)
    {
        TimeSpan delay;
        lock (_lock)
        {
            delay = _resumeAt - clock.GetUtcNow();
        }

        if (delay > TimeSpan.Zero)
        {
            await Task.Delay(delay, clock, cancellationToken);
        }

        lock (_lock)
        {
            return _round;
        }
    }
}
