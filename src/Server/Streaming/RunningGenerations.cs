using System.Collections.Concurrent;

namespace InferenceServer.Server.Streaming;

/// <summary>Every generation whose answer is being written, to a client or to the store, for whoever wants to look on. Any thread.</summary>
internal sealed class RunningGenerations
{
    private readonly ConcurrentDictionary<Generation, long> _running = new();
    private long _lastNumber;

    /// <summary>Those of now, oldest first. What they say may be a moment old.</summary>
    public IReadOnlyList<Generation> Snapshot() => [.. _running.OrderBy(entry => entry.Value).Select(entry => entry.Key)];

    /// <summary>Adds one, until what is returned is disposed of.</summary>
    public IDisposable Add(Generation generation)
    {
        _running[generation] = Interlocked.Increment(ref _lastNumber);
        return new Registration(this, generation);
    }

    private sealed class Registration(RunningGenerations all, Generation generation) : IDisposable
    {
        public void Dispose() => all._running.TryRemove(generation, out _);
    }
}
