using InferenceServer.Inference.Engine;
using InferenceServer.Inference.Scheduling;

namespace InferenceServer.Inference.Remote;

/// <summary>
/// The host's requests, in order of arrival, and which of them the engine's process may have: all, or the first suspect alone while there is one. Knows no
/// process: it is told when one is there, and gives what is to be sent to whoever sends. Any thread.
/// </summary>
/// <param name="maxWaiting">Requests that may wait for their first place.</param>
/// <param name="send">Sends a request to the engine's process; called under the lock, must not wait.</param>
/// <param name="abort">Tells it to end one; the same.</param>
/// <param name="readTime">Time since any moment.</param>
internal sealed class RequestBook(int maxWaiting, Action<GenerationRequest> send, Action<long> abort, Func<TimeSpan> readTime)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<long, RemoteRequest> _byId = [];
    private readonly LinkedList<RemoteRequest> _inOrder = new();
    private readonly List<RemoteRequest> _suspects = [];
    private readonly RefusedRequests _refused = new();
    private int _numWaiting;
    private int _numSent;
    private long _numRefused;
    private bool _isAttached;
    private bool _isClosed;
    private bool _hasProgress;

    /// <summary>Requests that have had no place yet.</summary>
    public int NumWaiting => Volatile.Read(ref _numWaiting);

    /// <summary>Requests that have not ended.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _byId.Count;
            }
        }
    }

    /// <summary>Requests that the process has and that have not ended.</summary>
    public int NumSent => Volatile.Read(ref _numSent);

    /// <summary>Requests that were refused, or ended as what ends the engine, since start.</summary>
    public long NumRefused => Volatile.Read(ref _numRefused);

    /// <summary>Takes a request, unless too many wait or it is one that is refused.</summary>
    public SubmitResult Add(GenerationRequest request)
    {
        lock (_gate)
        {
            if (_isClosed)
            {
                return new SubmitResult(SubmitStatus.Unavailable, null);
            }

            if (_refused.Has(request, readTime()))
            {
                _numRefused++;
                return new SubmitResult(SubmitStatus.Refused, null);
            }

            if (_numWaiting >= maxWaiting)
            {
                return new SubmitResult(SubmitStatus.QueueFull, null);
            }

            var added = new RemoteRequest(request);
            _byId.Add(request.Id, added);
            _inOrder.AddLast(added);
            _numWaiting++;
            if (_isAttached && _suspects.Count == 0)
            {
                Send(added);
            }

            return new SubmitResult(SubmitStatus.Accepted, added.Stream);
        }
    }

    /// <summary>Ends a request, here at once if no process has it.</summary>
    public void Abort(long requestId)
    {
        lock (_gate)
        {
            if (!_byId.TryGetValue(requestId, out var request))
            {
                return;
            }

            request.IsAborted = true;
            if (request.IsSent)
            {
                abort(requestId);
            }
            else
            {
                End(request, FinishReason.Aborted);
            }
        }
    }

    /// <summary>A process is ready: it gets what it may have. Returns how many requests go on that were begun in another.</summary>
    public int Attach()
    {
        lock (_gate)
        {
            _isAttached = true;
            _hasProgress = false;
            var numRecovered = _byId.Values.Count(request => request.WasStarted);
            SendAllowed();
            return numRecovered;
        }
    }

    /// <summary>The process is gone. Returns the requests that ran in it.</summary>
    /// <param name="mayBeTheirFault">False: it was ended for something that no request did.</param>
    /// <param name="hasProgress">True: some request got a token, or ended, in that process, or the request that ended it is not tried again.</param>
    public IReadOnlyList<RemoteRequest> Detach(bool mayBeTheirFault, out bool hasProgress)
    {
        lock (_gate)
        {
            var alone = _numSent == 1 && _suspects.Count > 0 && _suspects[0].IsSent ? _suspects[0] : null;
            List<RemoteRequest> running = [.. _inOrder.Where(request => request.IsStarted)];
            if (running.Count == 0)
            {
                // It may have ended over what it had only just got.
                running = [.. _inOrder.Where(request => request.IsSent)];
            }

            _isAttached = false;
            foreach (var request in _inOrder.ToList())
            {
                request.Lose();
                if (request.IsAborted)
                {
                    End(request, FinishReason.Aborted);
                }
            }

            Volatile.Write(ref _numSent, 0);
            hasProgress = _hasProgress;
            _hasProgress = false;
            if (mayBeTheirFault)
            {
                hasProgress |= Blame(running, alone);
            }

            return running;
        }
    }

    /// <summary>Takes an event in. False: it does not continue what there is.</summary>
    public bool Apply(long requestId, in GenerationEvent item)
    {
        lock (_gate)
        {
            if (!_byId.TryGetValue(requestId, out var request) || !request.IsSent)
            {
                return true;
            }

            var wasStarted = request.WasStarted;
            if (!request.Apply(item))
            {
                return false;
            }

            // Some end without ever having had a place.
            if (!wasStarted && (request.WasStarted || item.Kind == GenerationEventKind.Finished))
            {
                _numWaiting--;
            }

            if (item.Kind is GenerationEventKind.Token or GenerationEventKind.Finished)
            {
                _hasProgress = true;
            }

            if (item.Kind == GenerationEventKind.Finished)
            {
                Remove(request);
                Clear(request);
            }
            else if (request.IsSuspect && request.NumNewTokens >= request.NumTokensToClear)
            {
                Clear(request);
            }

            return true;
        }
    }

    /// <summary>Ends all, and takes no more.</summary>
    public void Close(FinishReason reason)
    {
        lock (_gate)
        {
            _isClosed = true;
            _isAttached = false;
            foreach (var request in _inOrder.ToList())
            {
                End(request, reason);
            }
        }
    }

    private bool Blame(List<RemoteRequest> running, RemoteRequest? alone)
    {
        foreach (var request in running.Where(request => _byId.ContainsKey(request.Request.Id)))
        {
            var wasSuspect = request.IsSuspect;
            request.CountCrash();
            if (request.IsSuspect && !wasSuspect)
            {
                _suspects.Add(request);
            }
        }

        if (alone is null || !_byId.ContainsKey(alone.Request.Id))
        {
            return false;
        }

        _refused.Add(alone.Request, readTime());
        _numRefused++;
        End(alone, FinishReason.Error);
        return true;
    }

    private void Clear(RemoteRequest request)
    {
        request.Clear();
        if (_suspects.Remove(request) && _isAttached)
        {
            SendAllowed();
        }
    }

    // The first suspect alone; without one, all in their order.
    private void SendAllowed()
    {
        if (_suspects.Count > 0)
        {
            if (!_suspects[0].IsSent)
            {
                Send(_suspects[0]);
            }

            return;
        }

        foreach (var request in _inOrder)
        {
            if (!request.IsSent)
            {
                Send(request);
            }
        }
    }

    private void Send(RemoteRequest request)
    {
        send(request.Send());
        _numSent++;
    }

    private void End(RemoteRequest request, FinishReason reason)
    {
        if (!request.WasStarted)
        {
            _numWaiting--;
        }

        request.Finish(reason);
        Remove(request);
        Clear(request);
    }

    private void Remove(RemoteRequest request)
    {
        if (request.IsSent)
        {
            _numSent--;
        }

        _byId.Remove(request.Request.Id);
        _inOrder.Remove(request);
    }
}
