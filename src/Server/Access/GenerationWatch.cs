using InferenceServer.Server.Streaming;

namespace InferenceServer.Server.Access;

/// <summary>Ends generations that compute longer than <see cref="LimitOptions.GenerationTimeoutMs"/>. Looks once a second: nobody cares for less.</summary>
internal sealed class GenerationWatch(RunningGenerations running, ApiKeys keys, TimeProvider clock) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>Looks once.</summary>
    internal void Look()
    {
        if (keys.Limits.GenerationTimeoutMs is > 0 and var milliseconds)
        {
            var (now, limit) = (clock.GetTimestamp(), TimeSpan.FromMilliseconds(milliseconds));
            foreach (var generation in running.Snapshot())
            {
                if (generation.Choices.Any(choice => choice is { Reason: null, StartedAt: not 0 } && clock.GetElapsedTime(choice.StartedAt, now) > limit))
                {
                    generation.TimeOut();
                }
            }
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await Task.Delay(Interval, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stoppingToken.IsCancellationRequested)
            {
                return;
            }

            Look();
        }
    }
}
