using System.Diagnostics;

namespace InferenceServer.Inference.Cache;

/// <summary>
/// Spans of prefixes by what is before them, and which of them go when there is no room. Decides only. Engine thread only; counts may be read by any.
/// </summary>
/// <remarks>
/// Room is made by the rule of greedy dual: a span is worth what its whole conversation costs to compute, in tokens, on top of what was worth least when it was last used.
/// Spans of a model take the same bytes a token, so that this is its cost per byte, too. A long conversation so outlives many short requests that nobody repeats, but not for
/// ever; its end goes before its beginning.
/// </remarks>
/// <typeparam name="TSpan">What is kept.</typeparam>
/// <param name="maxBytes">Room.</param>
internal sealed class PrefixIndex<TSpan>(long maxBytes)
    where TSpan : PrefixSpan
{
    // Of two spans of equal worth, the one further on goes first; no position comes near a whole token's worth.
    private const double WorthOfPosition = 1e-9;

    private readonly Dictionary<PrefixName, List<TSpan>> _after = [];
    private readonly PriorityQueue<TSpan, double> _byWorth = new();
    private double _leastWorth;

    /// <summary>Room, in bytes; what is too much when it shrinks goes at once (<see cref="Limit"/>).</summary>
    public long MaxBytes { get; private set; } = maxBytes;

    /// <summary>Bytes of all spans.</summary>
    public long NumBytes { get; private set; }

    /// <summary>Tokens of all spans.</summary>
    public long NumTokens { get; private set; }

    /// <summary>Tokens that gave way to others since start.</summary>
    public long NumEvictedTokens { get; private set; }

    /// <summary>Told of each span that goes: because of a longer one, for room, or by <see cref="Remove"/>.</summary>
    public Action<TSpan>? Dropped { get; init; }

    /// <summary>The span after a prefix that has most of some tokens in common with them; null if none has any.</summary>
    public TSpan? FindLongest(PrefixName before, ReadOnlySpan<int> tokens, out int common)
    {
        common = 0;
        TSpan? longest = null;
        if (_after.TryGetValue(before, out var spans))
        {
            foreach (var span in spans)
            {
                if (span.Tokens.CommonPrefixLength(tokens) is var length && length > common)
                {
                    (longest, common) = (span, length);
                }
            }
        }

        return longest;
    }

    /// <summary>The span that has all of the tokens after a prefix, which now counts as used by a conversation of <paramref name="length"/> tokens; null if there is none.</summary>
    public TSpan? Touch(PrefixName before, ReadOnlySpan<int> tokens, int length)
    {
        if (FindLongest(before, tokens, out var common) is not { } span || common < tokens.Length)
        {
            return null;
        }

        span.NumUses++;
        span.Worth = Math.Max(span.Worth, WorthOf(span.Start, length));
        return span;
    }

    /// <summary>Takes a span of a conversation of <paramref name="length"/> tokens in; those worth least give way. A span that begins as another does replaces it if it is longer.</summary>
    public void Add(TSpan span, int length)
    {
        Debug.Assert(span.Start % PrefixStore.SpanSize == 0 && span.Tokens.Length is > 0 and <= PrefixStore.SpanSize, "Spans are aligned.");
        if (span.NumBytes > MaxBytes)
        {
            return;
        }

        if (_after.TryGetValue(span.Before, out var siblings))
        {
            for (var i = siblings.Count - 1; i >= 0; i--)
            {
                if (span.Tokens.StartsWith(siblings[i].Tokens))
                {
                    span.NumUses = Math.Max(span.NumUses, siblings[i].NumUses);
                    Remove(siblings[i]);
                }
            }
        }

        if (!_after.TryGetValue(span.Before, out siblings))
        {
            _after.Add(span.Before, siblings = []);
        }

        siblings.Add(span);
        span.IsStored = true;
        NumBytes += span.NumBytes;
        NumTokens += span.Tokens.Length;
        span.Worth = WorthOf(span.Start, length);
        _byWorth.Enqueue(span, span.Worth);
        MakeRoom(MaxBytes);
    }

    /// <summary>Drops a span that is here.</summary>
    public void Remove(TSpan span)
    {
        _byWorth.Remove(span, out _, out _);
        Forget(span);
    }

    /// <summary>Has less room from now on, or more again.</summary>
    public void Limit(long maxBytes)
    {
        MaxBytes = maxBytes;
        MakeRoom(maxBytes);
    }

    /// <summary>Visits every span, in no order; they stay.</summary>
    public void ForEach(Action<TSpan> visit)
    {
        foreach (var (span, _) in _byWorth.UnorderedItems)
        {
            visit(span);
        }
    }

    private double WorthOf(int start, int length) => _leastWorth + length - (start * WorthOfPosition);

    private void MakeRoom(long room)
    {
        while (NumBytes > room)
        {
            _byWorth.TryDequeue(out var span, out var worth);
            if (span!.Worth > worth)
            {
                // Used since it was queued.
                _byWorth.Enqueue(span, span.Worth);
                continue;
            }

            _leastWorth = Math.Max(_leastWorth, worth);
            NumEvictedTokens += span.Tokens.Length;
            Forget(span);
        }
    }

    private void Forget(TSpan span)
    {
        var siblings = _after[span.Before];
        siblings.Remove(span);
        if (siblings.Count == 0)
        {
            _after.Remove(span.Before);
        }

        NumBytes -= span.NumBytes;
        NumTokens -= span.Tokens.Length;
        span.IsStored = false;
        Dropped?.Invoke(span);
    }
}
