using InferenceServer.Inference.Cache;

namespace InferenceServer.Inference.Engine;

/// <summary>Looks every few seconds whether the machine runs short of memory, and says what prefixes may have of it. Its own thread writes, the engine thread reads.</summary>
internal sealed class MemoryWatch : IDisposable
{
    private readonly PrefixStore _store;
    private readonly Func<double?> _available;
    private readonly MemoryShed _shed;
    private readonly Action _wake;
    private readonly Timer _timer;
    private long _room;
    private bool _hasShed;

    /// <param name="store">Whose room it is.</param>
    /// <param name="options">What is asked, and how often.</param>
    /// <param name="wake">Called on a thread of the pool when <see cref="Room"/> has changed.</param>
    public MemoryWatch(PrefixStore store, CacheOptions options, Action wake)
    {
        _store = store;
        _available = options.AvailableMemory;
        _room = store.Index.MaxBytes;
        _shed = new MemoryShed(_room);
        _wake = wake;
        _timer = new Timer(_ => Look(), state: null, options.MemoryInterval, options.MemoryInterval);
    }

    /// <summary>Bytes that prefixes may have.</summary>
    public long Room => Volatile.Read(ref _room);

    /// <summary>Looks no more; a look that is under way has ended.</summary>
    public void Dispose()
    {
        using var ended = new ManualResetEvent(false);
        if (_timer.Dispose(ended))
        {
            ended.WaitOne();
        }
    }

    private void Look()
    {
        if (_hasShed)
        {
            // What was shed since the last look is garbage, but nothing else would make the runtime give it back soon.
            _hasShed = false;
            GC.Collect(2, GCCollectionMode.Forced, blocking: false, compacting: false);
            return;
        }

        if (_available() is { } available && _shed.Observe(_store.Index.NumBytes, available, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes))
        {
            _hasShed = _shed.Room < Room;
            Volatile.Write(ref _room, _shed.Room);
            _wake();
        }
    }
}
