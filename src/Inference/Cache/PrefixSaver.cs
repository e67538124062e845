using InferenceServer.Inference.Cache.Disk;

namespace InferenceServer.Inference.Cache;

/// <summary>
/// What of the cells is to be copied to the store, span by span, behind the steps: conversations whose request has ended, oldest first. What is worth it goes on to disk from there.
/// What has left the cells before its turn is passed over. Engine thread only.
/// </summary>
/// <param name="store">The host's memory.</param>
/// <param name="disk">The disk; null for none.</param>
/// <param name="predictMs">What computing some tokens takes, by position and number.</param>
internal sealed class PrefixSaver(PrefixStore store, DiskBooks? disk = null, Func<int, int, double>? predictMs = null)
{
    // Conversations that wait. More end within a few steps only when they are short, and these are the cheapest to compute again.
    private const int MaxWaiting = 64;

    private readonly Queue<Job> _waiting = new(MaxWaiting);
    private Job? _job;
    private PrefixCursor _cursor;

    // Of the current conversation: false after the first span that is not on disk, as what follows would be of no use there.
    private bool _isOnDisk;
    private double _conversationMs;

    /// <summary>True if there may be something to copy.</summary>
    public bool HasWork => _job is not null || _waiting.Count > 0;

    /// <summary>A request has ended.</summary>
    /// <param name="tokens">Whose KV it leaves behind, in order; they do not change any more. Less than a span is not worth a copy.</param>
    /// <param name="salt">Its salt.</param>
    /// <param name="mayGoToDisk">False: nothing is written because of it.</param>
    public void Add(ReadOnlyMemory<int> tokens, string? salt, bool mayGoToDisk = true)
    {
        if (tokens.Length < PrefixStore.SpanSize)
        {
            return;
        }

        if (_waiting.Count == MaxWaiting)
        {
            _waiting.Dequeue();
        }

        _waiting.Enqueue(new Job(tokens, salt, mayGoToDisk));
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
            else if (store.Index.Touch(_cursor.Name, tokens[start..], job.Tokens.Length) is { } known)
            {
                Offer(known, job);
                Advance(job, end);
            }
            else if (_isOnDisk && disk!.Touch(_cursor.Name, tokens[start..], job.Tokens.Length))
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
        var span = new SavedSpan(_cursor.Name, copy.Start, tokens, state);
        store.Index.Add(span, job.Tokens.Length);
        Offer(span, job);
        Advance(job, copy.End);
    }

    private Job? Current()
    {
        if (_job is null && _waiting.TryDequeue(out _job))
        {
            _cursor = new PrefixCursor(store.Root(_job.Salt));
            _isOnDisk = _job.MayGoToDisk && disk is { IsOn: true };
            _conversationMs = _isOnDisk ? predictMs!(0, _job.Tokens.Length) : 0;
        }

        return _job;
    }

    private void Offer(SavedSpan span, Job job)
    {
        if (_isOnDisk)
        {
            var spanMs = predictMs!(span.Start, span.Tokens.Length);
            var isWorth = disk!.Rule.IsWorth(span, job.Tokens.Length, spanMs, _conversationMs, disk.IsScarce);
            _isOnDisk = disk.Offer(span, job.Tokens.Length, isWorth);
        }
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

    private sealed record Job(ReadOnlyMemory<int> Tokens, string? Salt, bool MayGoToDisk);
}

/// <summary>A copy from cells to the store.</summary>
/// <param name="SequenceId">Covers the positions.</param>
/// <param name="Start">First position.</param>
/// <param name="End">Position after the last.</param>
internal readonly record struct SpanCopy(int SequenceId, int Start, int End);
