namespace InferenceServer.Inference.Cache;

/// <summary>
/// Where the KV of a few tokens is outside the cells, after a prefix that it is named by. Immutable but for what a <see cref="PrefixIndex{TSpan}"/> notes on it.
/// Engine thread only.
/// </summary>
/// <param name="before">The prefix before its first token.</param>
/// <param name="start">Position of its first token, a multiple of <see cref="PrefixStore.SpanSize"/>.</param>
/// <param name="tokens">Its tokens, at most <see cref="PrefixStore.SpanSize"/>.</param>
internal abstract class PrefixSpan(PrefixName before, int start, ReadOnlyMemory<int> tokens)
{
    /// <summary>The prefix before its first token.</summary>
    public PrefixName Before => before;

    /// <summary>Position of its first token.</summary>
    public int Start => start;

    /// <summary>Position after its last token.</summary>
    public int End => start + tokens.Length;

    /// <summary>Its tokens.</summary>
    public ReadOnlySpan<int> Tokens => tokens.Span;

    /// <summary>The same tokens, to be held.</summary>
    public ReadOnlyMemory<int> TokenMemory => tokens;

    /// <summary>What it takes where it is.</summary>
    public abstract long NumBytes { get; }

    /// <summary>The smallest goes first when room is needed; set by its index.</summary>
    public double Worth { get; set; }

    /// <summary>False before it is in an index, and once it was dropped.</summary>
    public bool IsStored { get; set; }

    /// <summary>Conversations that ended with these tokens in them since it came in: 1 is the one that brought it.</summary>
    public int NumUses { get; set; } = 1;
}
