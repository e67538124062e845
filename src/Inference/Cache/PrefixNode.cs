namespace InferenceServer.Inference.Cache;

/// <summary>
/// A span of tokens inside one aligned block of <see cref="BlockSize"/>, whose cells hold the KV of these tokens after those
/// of all ancestors. Children start with different tokens. Engine thread only.
/// </summary>
internal sealed class PrefixNode
{
    /// <summary>
    /// Tokens of an aligned block. 256 is llama.cpp's own padding of the attended range, a good unit for later storage
    /// (43 to 80 MB of a 70B), and loses little to partly filled blocks (reference: 2,048-token blocks left a block per turn unused).
    /// </summary>
    public const int BlockSize = 256;

    private int[] _tokens = [];

    /// <summary>The node before; null for a root.</summary>
    public PrefixNode? Parent { get; private set; }

    /// <summary>First of the children, linked by <see cref="NextSibling"/>; null if none. There are never more leaves than sequence ids, so lists are short.</summary>
    public PrefixNode? FirstChild { get; private set; }

    /// <summary>Next child of the same parent.</summary>
    public PrefixNode? NextSibling { get; private set; }

    /// <summary>Position of the first token.</summary>
    public int Start { get; private set; }

    /// <summary>Number of tokens and cells; 0 only for a root.</summary>
    public int Length { get; private set; }

    /// <summary>Position after the last token.</summary>
    public int End => Start + Length;

    /// <summary>Running sequences whose path goes through this node; its cells may be taken only at 0.</summary>
    public int NumLocks { get; set; }

    /// <summary>When a sequence last matched or left this node, in the tree's ticks; the smallest goes first.</summary>
    public long LastUsed { get; set; }

    /// <summary>What the root is named; see <see cref="PrefixName"/>. Null for inner nodes.</summary>
    public PrefixName? RootName { get; private init; }

    /// <summary>The salt whose tree this root starts; null for inner nodes and for the tree of requests without a salt.</summary>
    public string? Salt { get; private init; }

    /// <summary>The tokens of this node.</summary>
    public ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, Length);

    /// <summary>True if the node may take the token at its <see cref="End"/> without leaving its block.</summary>
    public bool HasRoom => Length > 0 && End % BlockSize != 0;

    /// <summary>A root: no tokens, position 0.</summary>
    public static PrefixNode CreateRoot(string fingerprint, string? salt) => new() { RootName = PrefixName.Root(fingerprint, salt), Salt = salt };

    /// <summary>Name of the prefix that ends with this node: depends on the tokens from the root on, not on how nodes were split.</summary>
    public PrefixName Name => RootName ?? NameBlock(out var block).Append(block);

    /// <summary>The name of the prefix before the block of this node, which is no root.</summary>
    /// <param name="block">The tokens from the block's start to this node's end.</param>
    public PrefixName NameBlock(out int[] block)
    {
        // The chain of names goes from block to block: find the node that ends the previous one.
        var start = Start / BlockSize * BlockSize;
        block = new int[End - start];
        var node = this;
        while (node.Length > 0 && node.Start >= start)
        {
            node.Tokens.CopyTo(block.AsSpan(node.Start - start));
            node = node.Parent!;
        }

        return node.Name;
    }

    /// <summary>The child that starts with <paramref name="token"/>; null if none.</summary>
    public PrefixNode? FindChild(int token)
    {
        for (var child = FirstChild; child is not null; child = child.NextSibling)
        {
            if (child._tokens[0] == token)
            {
                return child;
            }
        }

        return null;
    }

    /// <summary>Adds a child with <paramref name="tokens"/>, which fit into the rest of the block at this node's end.</summary>
    public PrefixNode AddChild(ReadOnlySpan<int> tokens)
    {
        var child = new PrefixNode { Parent = this, Start = End, NextSibling = FirstChild };
        FirstChild = child;
        child.Append(tokens);
        return child;
    }

    /// <summary>Adds tokens at the end, within the block.</summary>
    public void Append(ReadOnlySpan<int> tokens)
    {
        if (Length + tokens.Length > _tokens.Length)
        {
            Array.Resize(ref _tokens, Math.Min(BlockSize - (Start % BlockSize), Math.Max(32, (Length + tokens.Length) * 2)));
        }

        tokens.CopyTo(_tokens.AsSpan(Length));
        Length += tokens.Length;
    }

    /// <summary>
    /// Puts a new node with this node's first <paramref name="length"/> tokens between this node and its parent, and returns it.
    /// This node keeps its end, so whoever points to it still points to the same prefix.
    /// </summary>
    public PrefixNode SplitOff(int length)
    {
        var parent = Parent!;
        var front = new PrefixNode { Parent = parent, Start = Start, NumLocks = NumLocks, LastUsed = LastUsed, NextSibling = NextSibling, FirstChild = this };
        front.Append(_tokens.AsSpan(0, length));
        if (parent.FirstChild == this)
        {
            parent.FirstChild = front;
        }
        else
        {
            parent.PreviousSiblingOf(this).NextSibling = front;
        }

        Parent = front;
        NextSibling = null;
        Start += length;
        Length -= length;
        _tokens.AsSpan(length, Length).CopyTo(_tokens);
        return front;
    }

    /// <summary>Takes this node, which has no children, out of its parent's list.</summary>
    public void Detach()
    {
        var parent = Parent!;
        if (parent.FirstChild == this)
        {
            parent.FirstChild = NextSibling;
        }
        else
        {
            parent.PreviousSiblingOf(this).NextSibling = NextSibling;
        }

        Parent = null;
        NextSibling = null;
    }

    /// <summary>Throws if this node and its children do not fit together.</summary>
    public void CheckIntegrity()
    {
        var isWhole = Length == 0 || Start / BlockSize == (End - 1) / BlockSize;
        for (var child = FirstChild; child is not null; child = child.NextSibling)
        {
            isWhole &= child.Parent == this && child.Start == End && child.Length > 0 && child.NumLocks <= NumLocks && FindChild(child._tokens[0]) == child;
        }

        if (!isWhole)
        {
            throw new InvalidOperationException($"Prefix tree: the node of positions {Start} to {End} leaves its block or does not fit its children.");
        }
    }

    private PrefixNode PreviousSiblingOf(PrefixNode node)
    {
        var child = FirstChild!;
        while (child.NextSibling != node)
        {
            child = child.NextSibling!;
        }

        return child;
    }
}
