namespace InferenceServer.Inference.Cache;

/// <summary>The KV of a few tokens in the host's memory, or on its way there. Engine thread only.</summary>
internal sealed class SavedSpan : PrefixSpan
{
    private byte[]? _state;

    /// <summary>One that was copied out of the cells.</summary>
    /// <param name="before">The prefix before its first token.</param>
    /// <param name="start">Position of its first token.</param>
    /// <param name="tokens">Its tokens.</param>
    /// <param name="state">What the library wrote for them.</param>
    public SavedSpan(PrefixName before, int start, int[] tokens, byte[] state)
        : base(before, start, tokens)
    {
        _state = state;
        Status = SpanStatus.Ready;
    }

    /// <summary>One that is being read.</summary>
    public SavedSpan(PrefixSpan from)
        : base(from.Before, from.Start, from.TokenMemory)
    {
    }

    /// <summary>Whether it can be restored.</summary>
    public SpanStatus Status { get; private set; }

    /// <summary>The KV, as the library wrote it; empty unless <see cref="SpanStatus.Ready"/>.</summary>
    public ReadOnlyMemory<byte> State => _state;

    /// <inheritdoc/>
    public override long NumBytes => _state?.Length ?? 0;

    /// <summary>It was read, or could not be: then <paramref name="state"/> is null.</summary>
    public void Complete(byte[]? state)
    {
        _state = state;
        Status = state is null ? SpanStatus.Failed : SpanStatus.Ready;
    }
}

/// <summary>Whether a span can be restored.</summary>
internal enum SpanStatus
{
    /// <summary>It is being read.</summary>
    Loading,

    /// <summary>Its state is there.</summary>
    Ready,

    /// <summary>It could not be read: its tokens are computed.</summary>
    Failed,
}
