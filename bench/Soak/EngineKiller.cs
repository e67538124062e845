using System.Diagnostics;

namespace InferenceServer.Bench.Soak;

/// <summary>Kills the engine's process again and again, as the system does when memory is short: by SIGKILL.</summary>
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

            if (ProcessFacts.FindEngine(serverId) is { } id)
            {
                using var engine = Process.GetProcessById(id);
                engine.Kill();
                NumKills++;
            }
        }
    }
}
