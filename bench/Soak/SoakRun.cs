using InferenceServer.Testing;

namespace InferenceServer.Bench.Soak;

/// <summary>Lets all clients at a server, with all disturbances, for a time; then waits until it is at rest.</summary>
/// <param name="client">Reads the metrics.</param>
/// <param name="kinds">The clients.</param>
/// <param name="tally">Counts them.</param>
/// <param name="seed">Of their chances.</param>
internal sealed class SoakRun(SoakClient client, IReadOnlyList<ClientKind> kinds, Tally tally, int seed)
{
    private static readonly TimeSpan RestPatience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan ScrapeInterval = TimeSpan.FromSeconds(10);

    /// <summary>Runs; returns the last page of metrics.</summary>
    /// <param name="duration">Of the load; what is under way then still ends.</param>
    /// <param name="disturbances">Run beside it until their token ends them.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<MetricsPage> RunAsync(TimeSpan duration, IEnumerable<Func<CancellationToken, Task>> disturbances, CancellationToken cancellationToken)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        stopping.CancelAfter(duration);
        var clients = kinds.SelectMany(kind => Enumerable.Repeat(kind, kind.Count)).Select((kind, i) => Task.Run(() => RunAsync(kind, new Random(seed + i), stopping.Token), CancellationToken.None)).ToArray();
        await Task.WhenAll([ScrapeAsync(stopping.Token), .. disturbances.Select(disturb => disturb(stopping.Token))]);
        await Task.WhenAll(clients);
        return await WaitUntilAtRestAsync(cancellationToken);
    }

    private async Task RunAsync(ClientKind kind, Random random, CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            await AskAsync(kind, random);
            await Task.Delay(2 * random.NextDouble() * kind.Pause, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>One request of a kind.</summary>
    public async Task AskAsync(ClientKind kind, Random random)
    {
        tally.Send();
        tally.End(kind, await kind.ActAsync(random));
    }

    // As Prometheus does: measuring is a part of what must not leak.
    private async Task ScrapeAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            await client.ReadMetricsAsync(CancellationToken.None);
            await Task.Delay(ScrapeInterval, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<MetricsPage> WaitUntilAtRestAsync(CancellationToken cancellationToken)
    {
        for (var deadline = DateTime.UtcNow + RestPatience; ; await Task.Delay(500, cancellationToken))
        {
            var metrics = MetricsPage.Parse(await client.ReadMetricsAsync(cancellationToken));
            var isAtRest = metrics.Sum("inference_requests_running") + metrics.Sum("inference_requests_waiting") + metrics.Sum("inference_admission_taken") == 0
                && metrics.Sum("inference_kv_cells", ("state", "used")) == 0 && metrics.Sum("inference_kv_cells") > 0;
            if (isAtRest || DateTime.UtcNow > deadline)
            {
                return metrics;
            }
        }
    }
}
