using InferenceServer.Server.Hosting;

namespace InferenceServer.Server.Sleep;

/// <summary>Holds a <see cref="WakeLock"/> when the settings want one. One that the system refuses is told once and not asked for again.</summary>
/// <param name="settings">For the mode.</param>
/// <param name="drain">Counts requests.</param>
/// <param name="take">Takes a lock.</param>
/// <param name="clock">For the pauses.</param>
/// <param name="logger">For a refusal.</param>
internal sealed class SleepGuard(Settings settings, Drain drain, Func<WakeLock> take, TimeProvider clock, ILogger<SleepGuard> logger) : BackgroundService
{
    /// <summary>The mode where the settings name none.</summary>
    public static SleepGuardMode ByDefault { get; } = OperatingSystem.IsMacOS() ? SleepGuardMode.Requests : SleepGuardMode.Never;

    /// <summary>How often it is looked whether requests run. A machine falls asleep after minutes.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long after the last request it may sleep again: the next one of a conversation follows soon.</summary>
    public TimeSpan Linger { get; init; } = TimeSpan.FromMinutes(1);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var mode = settings.Server.PreventSleep ?? ByDefault;
        WakeLock? held = null;
        var wantedUntil = clock.GetUtcNow();
        while (mode != SleepGuardMode.Never && !stoppingToken.IsCancellationRequested)
        {
            var isWanted = mode == SleepGuardMode.Always || drain.NumRunning > 0;
            wantedUntil = isWanted ? clock.GetUtcNow() + Linger : wantedUntil;
            if (isWanted && held is null)
            {
                held = take();
                if (held.Failure is { } failure)
                {
                    logger.MaySleep(failure);
                    return;
                }
            }
            else if (!isWanted && held is not null && clock.GetUtcNow() >= wantedUntil)
            {
                held.Dispose();
                held = null;
            }

            await Task.Delay(Interval, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        held?.Dispose();
    }
}
