using System.Diagnostics;
using InferenceServer.Bench.Compare;

namespace InferenceServer.Bench.Soak;

/// <summary>Looks at both processes every second.</summary>
/// <param name="serverId">The host's process.</param>
/// <param name="tally">How far the load is.</param>
internal sealed class Observer(int serverId, Tally tally)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    // Between two collections of both heaps, whose lows then are what the processes hold: left to themselves they swing by a tenth.
    private static readonly TimeSpan CollectionInterval = TimeSpan.FromSeconds(15);

    private readonly List<Sample> _samples = [];

    /// <summary>What was seen, in the order of time. Only after <see cref="RunAsync"/>.</summary>
    public IReadOnlyList<Sample> Samples => _samples;

    /// <summary>Looks until the token ends it.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        var start = Stopwatch.GetTimestamp();
        var engineSince = start;
        var collectedAt = start;
        int? engineId = null;
        using var timer = new PeriodicTimer(Interval);
        do
        {
            if (Stopwatch.GetElapsedTime(collectedAt) >= CollectionInterval)
            {
                collectedAt = Stopwatch.GetTimestamp();
                await Task.WhenAll(InducedCollection.RunAsync(serverId), engineId is { } known ? InducedCollection.RunAsync(known) : Task.CompletedTask);
            }

            var (host, engine) = (ProcessFacts.Read(serverId), EngineProcess.Find(serverId) is { } id ? ProcessFacts.Read(id) : null);
            if (engine?.Id != engineId)
            {
                (engineId, engineSince) = (engine?.Id, Stopwatch.GetTimestamp());
            }

            if (host is { } facts)
            {
                _samples.Add(new Sample(Stopwatch.GetElapsedTime(start), tally.NumEnded, facts, engine, Stopwatch.GetElapsedTime(engineSince)));
            }
        }
        while (await WaitAsync(timer, stopping));
    }

    private static async Task<bool> WaitAsync(PeriodicTimer timer, CancellationToken stopping)
    {
        try
        {
            return await timer.WaitForNextTickAsync(stopping);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}

/// <summary>Both processes at one moment.</summary>
/// <param name="At">Since the observer began.</param>
/// <param name="NumRequests">Requests that had ended.</param>
/// <param name="Host">The host.</param>
/// <param name="Engine">The engine; null while there is none.</param>
/// <param name="EngineAge">How long it has been this process.</param>
internal sealed record Sample(TimeSpan At, long NumRequests, ProcessFacts Host, ProcessFacts? Engine, TimeSpan EngineAge);
