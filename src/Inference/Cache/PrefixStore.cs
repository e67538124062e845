using System.Diagnostics;

namespace InferenceServer.Inference.Cache;

/// <summary>
/// Prefixes in the host's memory, in spans that hang on the name of what is before them: what has left the cells comes back by a copy instead of being computed.
/// Decides only what to keep; the engine copies. Engine thread only.
/// </summary>
/// <remarks>
/// Room is made by the rule of greedy dual: a span is worth what its whole conversation costs to compute, in tokens, on top of what was worth least when it was last used.
/// A long conversation so outlives many short requests that nobody repeats, but not for ever; its end goes before its beginning.
/// </remarks>
/// <param name="fingerprint">Everything but the tokens that changes the numbers; starts every name.</param>
/// <param name="maxBytes">Room for the states.</param>
internal sealed class PrefixStore(string fingerprint, long maxBytes)
{
    /// <summary>
    /// Tokens of a span: what is copied at a time. Small enough that one copy hardly stretches a step (20 MB of a 70B at f16, 1.4 MB of the embedded model), large enough
    /// that few calls are made. Divides <see cref="PrefixNode.BlockSize"/>.
    /// </summary>
    public const int SpanSize = 64;

    // Of two spans of equal worth, the one further on goes first; no position comes near a whole token's worth.
    private const double WorthOfPosition = 1e-9;

    private readonly Dictionary<PrefixName, List<SavedSpan>> _after = [];
    private readonly PriorityQueue<SavedSpan, double> _byWorth = new();
    private double _leastWorth;

    /// <summary>Bytes of all states.</summary>
    public long NumBytes { get; private set; }

    /// <summary>Tokens of all spans.</summary>
    public long NumTokens { get; private set; }

    /// <summary>Tokens that came in since start.</summary>
    public long NumSavedTokens { get; private set; }

    /// <summary>Tokens that gave way to others since start.</summary>
    public long NumEvictedTokens { get; private set; }

    /// <summary>The name of the empty prefix under a salt.</summary>
    public PrefixName Root(string? salt) => PrefixName.Root(fingerprint, salt);

    /// <summary>
    /// What continues a prefix that the cells hold: spans in order, the first of which may begin before <paramref name="from"/>. Null if nothing does.
    /// </summary>
    /// <param name="tokens">All tokens.</param>
    /// <param name="from">How many the cells hold.</param>
    /// <param name="limit">How many may be restored.</param>
    /// <param name="salt">The request's salt.</param>
    public RestorePlan? Find(ReadOnlySpan<int> tokens, int from, int limit, string? salt)
    {
        if (NumTokens == 0)
        {
            return null;
        }

        tokens = tokens[..limit];
        var cursor = new PrefixCursor(Root(salt));
        while (cursor.Position + SpanSize <= from)
        {
            cursor.Advance(tokens);
        }

        List<SavedSpan>? spans = null;
        var end = from;
        while (FindLongest(cursor.Name, tokens[cursor.Position..], out var common) is { } span && cursor.Position + common > end)
        {
            (spans ??= []).Add(span);
            end = cursor.Position + common;
            if (common < SpanSize)
            {
                break;
            }

            cursor.Advance(tokens);
        }

        return spans is null ? null : new RestorePlan(spans, end);
    }

    /// <summary>True if the tokens after a prefix are here; they then count as used by a conversation of <paramref name="length"/> tokens.</summary>
    public bool Touch(PrefixName before, ReadOnlySpan<int> tokens, int length)
    {
        if (FindLongest(before, tokens, out var common) is not { } span || common < tokens.Length)
        {
            return false;
        }

        span.Worth = Math.Max(span.Worth, WorthOf(span.Start, length));
        return true;
    }

    /// <summary>Takes a span of a conversation of <paramref name="length"/> tokens in; those worth least give way. A span that begins as another does replaces it if it is longer.</summary>
    public void Add(SavedSpan span, int length)
    {
        Debug.Assert(span.Start % SpanSize == 0 && span.Tokens.Length is > 0 and <= SpanSize, "Spans are aligned.");
        if (span.State.Length > maxBytes)
        {
            return;
        }

        if (!_after.TryGetValue(span.Before, out var siblings))
        {
            _after.Add(span.Before, siblings = []);
        }

        for (var i = siblings.Count - 1; i >= 0; i--)
        {
            if (span.Tokens.StartsWith(siblings[i].Tokens))
            {
                Forget(siblings[i]);
                siblings.RemoveAt(i);
            }
        }

        siblings.Add(span);
        NumBytes += span.State.Length;
        NumTokens += span.Tokens.Length;
        NumSavedTokens += span.Tokens.Length;
        span.Worth = WorthOf(span.Start, length);
        _byWorth.Enqueue(span, span.Worth);
        MakeRoom();
    }

    private double WorthOf(int start, int length) => _leastWorth + length - (start * WorthOfPosition);

    private SavedSpan? FindLongest(PrefixName before, ReadOnlySpan<int> tokens, out int common)
    {
        common = 0;
        SavedSpan? longest = null;
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

    private void MakeRoom()
    {
        while (NumBytes > maxBytes)
        {
            _byWorth.TryDequeue(out var span, out var worth);
            if (!span!.IsStored)
            {
                continue;
            }

            if (span.Worth > worth)
            {
                // Used since it was queued.
                _byWorth.Enqueue(span, span.Worth);
                continue;
            }

            _leastWorth = Math.Max(_leastWorth, worth);
            NumEvictedTokens += span.Tokens.Length;
            Forget(span);
            var siblings = _after[span.Before];
            siblings.Remove(span);
            if (siblings.Count == 0)
            {
                _after.Remove(span.Before);
            }
        }
    }

    private void Forget(SavedSpan span)
    {
        span.IsStored = false;
        NumBytes -= span.State.Length;
        NumTokens -= span.Tokens.Length;
    }
}
