using System.Collections.Concurrent;
using System.Collections.Immutable;
using InferenceServer.Inference.Cache;

namespace InferenceServer.Inference.Engine;

/// <summary>
/// The one way into the engine thread. Submissions are bounded by how many requests may wait, counted until they get a
/// place or end; aborts are never refused. Any thread writes, the engine thread reads.
/// </summary>
internal sealed class CommandQueue(int maxWaiting) : IDisposable
{
    private readonly ConcurrentQueue<EngineCommand> _commands = new();

    // No spinning: an idle engine waits for minutes, and a busy one never waits.
    private readonly ManualResetEventSlim _hasCommands = new(initialState: false, spinCount: 0);
    private readonly Lock _gate = new();
    private int _numWaiting;
    private long _numTaken;
    private volatile bool _isClosed;
    private volatile bool _isWoken;

    /// <summary>Requests submitted that have neither a place nor an end yet.</summary>
    public int NumWaiting => Volatile.Read(ref _numWaiting);

    /// <summary>Commands that the engine thread has taken.</summary>
    public long NumTaken => Volatile.Read(ref _numTaken);

    /// <summary>True if nothing is queued.</summary>
    public bool IsEmpty => _commands.IsEmpty;

    /// <summary>Queues a request, unless as many wait as may or the queue is closed.</summary>
    public SubmitStatus TrySubmit(Generation generation)
    {
        // Under the lock of Close: what is taken is in the queue before the engine thread empties it for the last time.
        lock (_gate)
        {
            if (_isClosed)
            {
                return SubmitStatus.Unavailable;
            }

            if (Interlocked.Increment(ref _numWaiting) > maxWaiting)
            {
                Leave();
                return SubmitStatus.QueueFull;
            }

            Send(new EngineCommand(generation, 0));
            return SubmitStatus.Accepted;
        }
    }

    /// <summary>Queues an abort.</summary>
    public void Abort(long requestId) => Send(new EngineCommand(null, requestId));

    /// <summary>Asks for the map of the KV memory as it is between two steps; empty if the queue is closed.</summary>
    public Task<ImmutableArray<KvSpan>> AskMap()
    {
        lock (_gate)
        {
            if (_isClosed)
            {
                return Task.FromResult(ImmutableArray<KvSpan>.Empty);
            }

            var map = new TaskCompletionSource<ImmutableArray<KvSpan>>(TaskCreationOptions.RunContinuationsAsynchronously);
            Send(new EngineCommand(null, 0, map));
            return map.Task;
        }
    }

    /// <summary>A request got a place or ended without one.</summary>
    public void Leave() => Interlocked.Decrement(ref _numWaiting);

    /// <summary>Takes the next command if there is one.</summary>
    public bool TryTake(out EngineCommand command)
    {
        if (!_commands.TryDequeue(out command))
        {
            return false;
        }

        Volatile.Write(ref _numTaken, _numTaken + 1);
        return true;
    }

    /// <summary>Ends the engine thread's wait, or its next one, without a command: something else than one is there for it.</summary>
    public void Wake()
    {
        _isWoken = true;
        _hasCommands.Set();
    }

    /// <summary>Refuses submissions from now on and wakes the engine thread.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _isClosed = true;
        }

        _hasCommands.Set();
    }

    /// <summary>Engine thread: true when there is a command, the queue is closed or the thread was woken, false when there was none of that for so long.</summary>
    /// <param name="patience"><see cref="Timeout.InfiniteTimeSpan"/> for ever.</param>
    public bool Wait(TimeSpan patience)
    {
        while (_commands.IsEmpty && !_isClosed && !_isWoken)
        {
            if (!_hasCommands.Wait(patience))
            {
                return false;
            }

            // A command queued between the wait and the reset has been seen by neither: look again before waiting.
            _hasCommands.Reset();
        }

        _isWoken = false;
        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => _hasCommands.Dispose();

    private void Send(EngineCommand command)
    {
        _commands.Enqueue(command);
        if (!_hasCommands.IsSet)
        {
            _hasCommands.Set();
        }
    }
}
