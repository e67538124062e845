namespace InferenceServer.Inference.Cache;

/// <summary>
/// The KV of a few tokens outside the cells, after a prefix that it is named by. Immutable but for <see cref="Worth"/>. Engine thread only.
/// </summary>
/// <param name="before">The prefix before its first token.</param>
/// <param name="start">Position of its first token, a multiple of <see cref="PrefixStore.SpanSize"/>.</param>
/// <param name="tokens">Its tokens, at most <see cref="PrefixStore.SpanSize"/>.</param>
/// <param name="state">What the library wrote for them.</param>
internal sealed class SavedSpan(PrefixName before, int start, int[] tokens, byte[] state)
{
    /// <summary>The prefix before its first token.</summary>
    public PrefixName Before => before;

    /// <summary>Position of its first token.</summary>
    public int Start => start;

    /// <summary>Position after its last token.</summary>
    public int End => start + tokens.Length;

    /// <summary>Its tokens.</summary>
    public ReadOnlySpan<int> Tokens => tokens;

    /// <summary>Their KV, as the library wrote it.</summary>
    public ReadOnlyMemory<byte> State => state;

    /// <summary>The smallest goes first when room is needed; see <see cref="PrefixStore"/>.</summary>
    public double Worth { get; set; }

    /// <summary>False once it was dropped.</summary>
    public bool IsStored { get; set; } = true;
}
