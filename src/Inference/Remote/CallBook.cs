using InferenceServer.Inference.Remote.Frames;

namespace InferenceServer.Inference.Remote;

/// <summary>Calls that wait for their results. Those that a process leaves without one go to the next; those that two processes leave so fail. Any thread.</summary>
/// <param name="send">Sends a frame to the engine's process; called under the lock, must not wait.</param>
internal sealed class CallBook(Action<ReadOnlyMemory<byte>> send)
{
    private const int MaxTries = 2;

    private readonly Lock _gate = new();
    private readonly SortedDictionary<long, PendingCall> _pending = [];
    private long _lastId;
    private bool _isAttached;
    private bool _isClosed;

    /// <summary>Calls that wait.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _pending.Count;
            }
        }
    }

    /// <summary>Makes a call. The task is cancelled if nobody waits any more, and never fails otherwise.</summary>
    /// <param name="write">Writes its frame, given its number.</param>
    /// <param name="cancellationToken">Nobody waits any more.</param>
    public async Task<CallResult> CallAsync(Action<FrameWriter, long> write, CancellationToken cancellationToken)
    {
        var id = Interlocked.Increment(ref _lastId);
        var writer = new FrameWriter();
        write(writer, id);
        var call = new PendingCall(writer.Written);
        lock (_gate)
        {
            if (_isClosed)
            {
                return new CallResult(id, CallOutcome.Unavailable, "The engine ends.");
            }

            _pending.Add(id, call);
            if (_isAttached)
            {
                Send(call);
            }
        }

        try
        {
            return await call.Result.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            Cancel(id);
            throw;
        }
    }

    /// <summary>A process is ready: it gets all calls.</summary>
    public void Attach()
    {
        lock (_gate)
        {
            _isAttached = true;
            foreach (var call in _pending.Values)
            {
                Send(call);
            }
        }
    }

    /// <summary>The process is gone. Calls that were tried often enough end.</summary>
    public void Detach()
    {
        lock (_gate)
        {
            _isAttached = false;
            foreach (var (id, call) in _pending.Where(each => each.Value.NumTries >= MaxTries).ToList())
            {
                _pending.Remove(id);
                call.Result.TrySetResult(new CallResult(id, CallOutcome.Failed, "The engine ended twice while it worked on this."));
            }
        }
    }

    /// <summary>A result came. One that nobody waits for any more is dropped.</summary>
    public void Complete(CallResult result)
    {
        lock (_gate)
        {
            if (_pending.Remove(result.Call, out var call))
            {
                call.Result.TrySetResult(result);
            }
        }
    }

    /// <summary>Ends all calls, and takes no more.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _isClosed = true;
            foreach (var (id, call) in _pending)
            {
                call.Result.TrySetResult(new CallResult(id, CallOutcome.Unavailable, "The engine ends."));
            }

            _pending.Clear();
        }
    }

    private void Cancel(long id)
    {
        lock (_gate)
        {
            if (_pending.Remove(id) && _isAttached)
            {
                var writer = new FrameWriter();
                CallFrames.WriteNumber(writer, FrameKind.Cancel, id);
                send(writer.Written);
            }
        }
    }

    private void Send(PendingCall call)
    {
        call.NumTries++;
        send(call.Frame);
    }

    private sealed class PendingCall(ReadOnlyMemory<byte> frame)
    {
        public ReadOnlyMemory<byte> Frame => frame;

        public TaskCompletionSource<CallResult> Result { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int NumTries { get; set; }
    }
}
