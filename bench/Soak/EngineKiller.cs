using InferenceServer.Bench.Compare;

namespace InferenceServer.Bench.Soak;

/// <summary>Kills the engine's process again and again.</summary>
/// <param name="serverId">The host's process.</param>
/// <param name="interval">Between two kills.</param>
internal sealed class EngineKiller(int serverId, TimeSpan interval)
{
    /// <summary>Kills so far.</summary>
    public int NumKills { get; private set; }

    /// <summary>Kills until the token ends it.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        while (true)
        {
            await Task.Delay(interval, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stopping.IsCancellationRequested)
            {
                return;
            }

            if (EngineProcess.TryKill(serverId))
            {
                NumKills++;
            }
        }
    }
}
