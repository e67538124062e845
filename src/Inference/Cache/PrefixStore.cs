namespace InferenceServer.Inference.Cache;

/// <summary>
/// Prefixes in the host's memory, in spans that hang on the name of what is before them: what has left the cells comes back by a copy instead of being computed.
/// Decides only what to keep; the engine copies. Engine thread only.
/// </summary>
/// <param name="fingerprint">Everything but the tokens that changes the numbers; starts every name.</param>
/// <param name="maxBytes">Room for the states.</param>
internal sealed class PrefixStore(string fingerprint, long maxBytes)
{
    /// <summary>
    /// Tokens of a span: what is copied at a time. Small enough that one copy hardly stretches a step (20 MB of a 70B at f16, 1.4 MB of the embedded model), large enough
    /// that few calls are made. Divides <see cref="PrefixNode.BlockSize"/>.
    /// </summary>
    public const int SpanSize = 64;

    /// <summary>The spans.</summary>
    public PrefixIndex<SavedSpan> Index { get; } = new(maxBytes);

    /// <summary>The name of the empty prefix under a salt.</summary>
    public PrefixName Root(string? salt) => PrefixName.Root(fingerprint, salt);

    /// <summary>
    /// What continues a prefix that the cells hold: spans in order, the first of which may begin before <paramref name="from"/>. Null if nothing does.
    /// </summary>
    /// <param name="tokens">All tokens.</param>
    /// <param name="from">How many the cells hold.</param>
    /// <param name="limit">How many may be restored.</param>
    /// <param name="salt">The request's salt.</param>
    /// <param name="onDisk">Spans that continue where memory has none, or less; null for none.</param>
    public RestorePlan? Find(ReadOnlySpan<int> tokens, int from, int limit, string? salt, PrefixIndex<Disk.DiskSpan>? onDisk = null)
    {
        if (Index.NumTokens == 0 && onDisk is not { NumTokens: > 0 })
        {
            return null;
        }

        tokens = tokens[..limit];
        var cursor = new PrefixCursor(Root(salt));
        while (cursor.Position + SpanSize <= from)
        {
            cursor.Advance(tokens);
        }

        List<PrefixSpan>? spans = null;
        var end = from;
        while (FindLongest(cursor.Name, tokens[cursor.Position..], onDisk, out var common) is { } span && cursor.Position + common > end)
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

    /// <summary>True if the tokens of a node, which is no root, would come back by a copy, or are too few to be worth one.</summary>
    public bool Holds(PrefixNode node)
    {
        if (node.End < SpanSize)
        {
            return true;
        }

        var name = node.NameBlock(out var block);
        var start = node.End - block.Length;
        for (var from = (node.Start - start) / SpanSize * SpanSize; from < block.Length; from += SpanSize)
        {
            var tokens = block.AsSpan(from, Math.Min(SpanSize, block.Length - from));
            Index.FindLongest(from == 0 ? name : name.Append(block.AsSpan(0, from)), tokens, out var common);
            if (common < tokens.Length)
            {
                return false;
            }
        }

        return true;
    }

    private PrefixSpan? FindLongest(PrefixName before, ReadOnlySpan<int> tokens, PrefixIndex<Disk.DiskSpan>? onDisk, out int common)
    {
        var saved = Index.FindLongest(before, tokens, out common);
        if (common < Math.Min(SpanSize, tokens.Length) && onDisk?.FindLongest(before, tokens, out var more) is { } written && more > common)
        {
            common = more;
            return written;
        }

        return saved;
    }
}
