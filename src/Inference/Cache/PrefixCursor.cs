namespace InferenceServer.Inference.Cache;

/// <summary>Names the prefixes of some tokens at each multiple of <see cref="PrefixStore.SpanSize"/> in turn, each for the price of one hash.</summary>
/// <param name="root">The name of the empty prefix.</param>
internal struct PrefixCursor(PrefixName root)
{
    private PrefixName _block = root;

    /// <summary>Length of the prefix.</summary>
    public int Position { get; private set; }

    /// <summary>Its name.</summary>
    public PrefixName Name { get; private set; } = root;

    /// <summary>Goes on by one span; <paramref name="tokens"/> are all tokens, and have it.</summary>
    public void Advance(ReadOnlySpan<int> tokens)
    {
        var block = Position / PrefixNode.BlockSize * PrefixNode.BlockSize;
        Position += PrefixStore.SpanSize;
        Name = _block.Append(tokens[block..Position]);
        if (Position % PrefixNode.BlockSize == 0)
        {
            _block = Name;
        }
    }
}
