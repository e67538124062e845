namespace InferenceServer.Inference.Cache;

/// <summary>
/// What of the cells is to be copied to the store, span by span, behind the steps: conversations whose request has ended, oldest first. What has left the cells
/// before its turn is passed over. Engine thread only.
/// </summary>
internal sealed class PrefixSaver(PrefixStore store)
{
    // Conversations that wait. More end within a few steps only when they are short, and these are the cheapest to compute again.
    private const int MaxWaiting = 64;

    private readonly Queue<Job> _waiting = new(MaxWaiting);
    private Job? _job;
    private PrefixCursor _cursor;

    /// <summary>True if there may be something to copy.</summary>
    public bool HasWork => _job is not null || _waiting.Count > 0;

    /// <summary>A request has ended.</summary>
    /// <param name="tokens">Whose KV it leaves behind, in order; they do not change any more. Less than a span is not worth a copy.</param>
    /// <param name="salt">Its salt.</param>
    public void Add(ReadOnlyMemory<int> tokens, string? salt)
    {
        if (tokens.Length < PrefixStore.SpanSize)
        {
            return;
        }

        if (_waiting.Count == MaxWaiting)
        {
            _waiting.Dequeue();
        }

        _waiting.Enqueue(new Job(tokens, salt));
    }

    /// <summary>The next span to copy, from cells that exist once the books' operations have been applied; null if there is none.</summary>
    public SpanCopy? Next(KvCache cache)
    {
        while (Current() is { } job)
        {
            var start = _cursor.Position;
            var end = Math.Min(start + PrefixStore.SpanSize, job.Tokens.Length);
            var tokens = job.Tokens.Span[..end];
            if (start == end)
            {
                _job = null;
            }
            else if (store.Touch(_cursor.Name, tokens[start..], job.Tokens.Length))
            {
                Advance(job, end);
            }
            else if (cache.FindHolder(tokens, job.Salt) is { } holder)
            {
                return new SpanCopy(holder, start, end);
            }
            else
            {
                _job = null;
            }
        }

        return null;
    }

    /// <summary>What <see cref="Next"/> asked for was copied; <paramref name="state"/> is null if the library could not.</summary>
    public void Complete(SpanCopy copy, byte[]? state)
    {
        var job = _job!;
        if (state is null)
        {
            _job = null;
            return;
        }

        var tokens = job.Tokens.Span[copy.Start..copy.End].ToArray();
        store.Add(new SavedSpan(_cursor.Name, copy.Start, tokens, state), job.Tokens.Length);
        Advance(job, copy.End);
    }

    private Job? Current()
    {
        if (_job is null && _waiting.TryDequeue(out _job))
        {
            _cursor = new PrefixCursor(store.Root(_job.Salt));
        }

        return _job;
    }

    private void Advance(Job job, int end)
    {
        if (end == job.Tokens.Length)
        {
            _job = null;
        }
        else
        {
            _cursor.Advance(job.Tokens.Span);
        }
    }

    private sealed record Job(ReadOnlyMemory<int> Tokens, string? Salt);
}

/// <summary>A copy from cells to the store.</summary>
/// <param name="SequenceId">Covers the positions.</param>
/// <param name="Start">First position.</param>
/// <param name="End">Position after the last.</param>
internal readonly record struct SpanCopy(int SequenceId, int Start, int End);
