namespace InferenceServer.Inference.Cache;

/// <summary>
/// All known prefixes: one root per salt, nodes below. Knows tokens, locks and recency, no cells and no sequence ids.
/// Engine thread only.
/// </summary>
internal sealed class PrefixTree(string fingerprint)
{
    private readonly Dictionary<string, PrefixNode> _saltedRoots = [];
    private readonly PrefixNode _root = PrefixNode.CreateRoot(fingerprint, salt: null);
    private long _tick;

    /// <summary>Every root.</summary>
    public IEnumerable<PrefixNode> Roots => _saltedRoots.Values.Append(_root);

    /// <summary>The longest prefix of <paramref name="tokens"/> under a salt.</summary>
    public PrefixMatch Match(ReadOnlySpan<int> tokens, string? salt)
    {
        if (FindRoot(salt) is not { } node)
        {
            return default;
        }

        var length = 0;
        while (!tokens.IsEmpty && node.FindChild(tokens[0]) is { } child)
        {
            var common = child.Tokens.CommonPrefixLength(tokens);
            length += common;
            node = child;
            if (common < child.Length)
            {
                break;
            }

            tokens = tokens[common..];
        }

        return new PrefixMatch(node, length);
    }

    /// <summary>The node that ends exactly where a match does, split off if need be; the root for no match.</summary>
    public PrefixNode CutAt(PrefixMatch match, string? salt)
    {
        if (match.Length == 0)
        {
            return GetRoot(salt);
        }

        var node = match.Node!;
        return match.Length < node.End ? node.SplitOff(match.Length - node.Start) : node;
    }

    /// <summary>One more running sequence goes through a node and all before it; returns the cells that were evictable until now.</summary>
    public int Lock(PrefixNode end)
    {
        var numCells = 0;
        _tick++;
        for (var node = end; node is not null; node = node.Parent)
        {
            numCells += node.NumLocks++ == 0 ? node.Length : 0;
            node.LastUsed = _tick;
        }

        return numCells;
    }

    /// <summary>One running sequence less; returns the cells that are evictable from now on.</summary>
    public int Unlock(PrefixNode end)
    {
        var numCells = 0;
        _tick++;
        for (var node = end; node is not null; node = node.Parent)
        {
            numCells += --node.NumLocks == 0 ? node.Length : 0;
            node.LastUsed = _tick;
        }

        return numCells;
    }

    /// <summary>A running sequence that went up to the parent goes on to this node; returns the cells that were evictable until now.</summary>
    public int LockOne(PrefixNode node)
    {
        node.LastUsed = ++_tick;
        return node.NumLocks++ == 0 ? node.Length : 0;
    }

    /// <summary>Forgets a salt whose last prefix is gone.</summary>
    public void DropIfEmptyRoot(PrefixNode node)
    {
        if (node is { Salt: { } salt, FirstChild: null, NumLocks: 0 })
        {
            _saltedRoots.Remove(salt);
        }
    }

    private PrefixNode? FindRoot(string? salt) => salt is null ? _root : _saltedRoots.GetValueOrDefault(salt);

    private PrefixNode GetRoot(string? salt)
    {
        if (FindRoot(salt) is { } root)
        {
            return root;
        }

        root = PrefixNode.CreateRoot(fingerprint, salt);
        _saltedRoots.Add(salt!, root);
        return root;
    }
}
