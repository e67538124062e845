using System.Collections.Immutable;
using System.Diagnostics;

namespace InferenceServer.Inference.Cache;

/// <summary>
/// The books of the KV memory: who holds which cells, and what may be taken. Every cell is free, in exactly one node of
/// the prefix tree, or the own cell of exactly one lease. Decides only; the engine applies <see cref="Operations"/> to the
/// library before the next step. Engine thread only.
/// </summary>
/// <remarks>
/// A node's cells carry the sequence ids of every lease and every cached leaf below it, so a cell stays as long as one of
/// them covers it. A cached leaf keeps the id of the lease that left it; when it is evicted, the id moves up to the parent if
/// that becomes a leaf, else it is free again.
/// </remarks>
internal sealed class KvCache
{
    private const int End = -1; // the library's "to the end"

    private readonly SequenceIdPool _ids;
    private readonly PrefixNode?[] _endOf;      // by sequence id: the node where what it covers in the tree ends
    private readonly bool[] _isCached;          // by sequence id: holds a cached leaf rather than a lease
    private readonly PrefixTree _tree;
    private readonly List<CacheOperation> _operations = [];

    /// <param name="numCells">Cells of the context.</param>
    /// <param name="numSequenceIds">Sequence ids the context was made for: running sequences plus cached leaves.</param>
    /// <param name="canShare">False for recurrent and hybrid models, whose memory cannot be cut: nothing is ever shared.</param>
    /// <param name="fingerprint">Everything but the tokens that changes the numbers; starts every <see cref="PrefixName"/>.</param>
    public KvCache(int numCells, int numSequenceIds, bool canShare, string fingerprint)
    {
        NumCells = numCells;
        NumFreeCells = numCells;
        CanShare = canShare;
        _tree = new PrefixTree(fingerprint);
        _ids = new SequenceIdPool(numSequenceIds);
        _endOf = new PrefixNode?[numSequenceIds];
        _isCached = new bool[numSequenceIds];
    }

    /// <summary>All cells.</summary>
    public int NumCells { get; }

    /// <summary>Cells that hold nothing.</summary>
    public int NumFreeCells { get; private set; }

    /// <summary>Cells of nodes that no lease goes through: they may be evicted.</summary>
    public int NumCachedCells { get; private set; }

    /// <summary>Tokens that were cached and gave their cells to others since start.</summary>
    public long NumEvictedTokens { get; private set; }

    /// <summary>Cells that can be had without preempting anybody.</summary>
    public int NumAvailableCells => NumFreeCells + NumCachedCells;

    /// <summary>False if nothing is ever shared.</summary>
    public bool CanShare { get; }

    /// <summary>Pending operations in order; the engine applies them and calls <see cref="ClearOperations"/>.</summary>
    public IReadOnlyList<CacheOperation> Operations => _operations;

    /// <summary>Forgets the operations that were applied.</summary>
    public void ClearOperations() => _operations.Clear();

    /// <summary>The longest prefix of <paramref name="tokens"/> in the tree, at most <paramref name="limit"/> tokens of it.</summary>
    public PrefixMatch Match(ReadOnlySpan<int> tokens, int limit, string? salt) =>
        CanShare ? _tree.Match(tokens[..Math.Min(limit, tokens.Length)], salt) : default;

    /// <summary>Cells of a match that could be evicted now and no longer once it is locked.</summary>
    public static int CountUnlocked(PrefixMatch match)
    {
        var count = 0;
        for (var node = match.Node; node is { NumLocks: 0 }; node = node.Parent)
        {
            count += Math.Min(node.End, match.Length) - node.Start;
        }

        return count;
    }

    /// <summary>A sequence id whose cells hold all of <paramref name="tokens"/> once <see cref="Operations"/> have been applied; null if they are not all in the tree.</summary>
    public int? FindHolder(ReadOnlySpan<int> tokens, string? salt) =>
        Match(tokens, tokens.Length, salt) is { Node: { } node } match && match.Length == tokens.Length ? FindCover(node) : null;

    /// <summary>
    /// A lease that starts with the matched prefix, locked before anything may be evicted, or with nothing if only the
    /// matched path's own sequence id is left; null if every id is held by a lease. With <paramref name="attach"/> false the lease stays outside the tree and the match is not used.
    /// </summary>
    public KvLease? Acquire(PrefixMatch match, string? salt, bool attach)
    {
        attach &= CanShare;
        PrefixNode? end = null;
        if (attach)
        {
            end = _tree.CutAt(match, salt);
            NumCachedCells -= _tree.Lock(end);
        }

        while (_ids.NumFree == 0)
        {
            if (!EvictOldest())
            {
                if (end is not null)
                {
                    NumCachedCells += _tree.Unlock(end);
                }

                // Every id left may cover just the matched path: give the path up for its id.
                return match.Length > 0 ? Acquire(default, salt, attach) : null;
            }
        }

        var id = _ids.Rent();
        if (end is { Length: > 0 })
        {
            _operations.Add(CacheOperation.Copy(FindCover(end), id, 0, end.End));
            _endOf[id] = end;
        }

        return new KvLease { SequenceId = id, Node = end, NumTokens = end?.End ?? 0 };
    }

    /// <summary>Promises <paramref name="count"/> more cells to a lease, evicting what is oldest; false, and nothing changed but evictions, if there are not enough.</summary>
    public bool TryTake(KvLease lease, int count)
    {
        while (NumFreeCells < count)
        {
            if (!EvictOldest())
            {
                return false;
            }
        }

        NumFreeCells -= count;
        lease.NumTokens += count;
        return true;
    }

    /// <summary>Takes back cells promised to a step that did not run.</summary>
    public void Return(KvLease lease, int count)
    {
        Debug.Assert(lease.NumOwn >= count, "Only own cells are promised.");
        NumFreeCells += count;
        lease.NumTokens -= count;
    }

    /// <summary>
    /// Moves the lease's own cells into the tree, where other sequences find them. Where the tree already has the same tokens,
    /// the lease shares those cells and its own become free. <paramref name="tokens"/> are all tokens of the sequence, at least as many as the lease holds.
    /// </summary>
    public void Attach(KvLease lease, ReadOnlySpan<int> tokens)
    {
        if (lease.Node is null)
        {
            return;
        }

        while (lease.NumOwn > 0)
        {
            var node = lease.Node!;
            var start = node.End;
            var rest = tokens[start..lease.NumTokens];
            if (node.FindChild(rest[0]) is { } child)
            {
                Share(lease, child, rest);
            }
            else
            {
                Extend(lease, node, rest[..Math.Min(rest.Length, PrefixNode.BlockSize - (start % PrefixNode.BlockSize))]);
            }
        }
    }

    /// <summary>
    /// Ends a lease. What is in the tree stays there, evictable once nobody else goes through it; own cells become free, so
    /// call <see cref="Attach"/> first to keep them.
    /// </summary>
    public void Release(KvLease lease)
    {
        var id = lease.SequenceId;
        NumFreeCells += lease.NumOwn;
        var node = lease.Node;
        _endOf[id] = null;
        if (node is not null)
        {
            NumCachedCells += _tree.Unlock(node);
        }

        if (node is { Length: > 0, FirstChild: null } && !IsCovered(node))
        {
            if (lease.NumOwn > 0)
            {
                _operations.Add(CacheOperation.Remove(id, node.End, End));
            }

            _endOf[id] = node;
            _isCached[id] = true;
        }
        else
        {
            Free(id);
            if (node is not null)
            {
                _tree.DropIfEmptyRoot(node);
            }
        }

        lease.Node = null;
        lease.NumTokens = 0;
    }

    /// <summary>Forgets everything cached that nobody runs on, from the ends of prefixes; only what <paramref name="mayGo"/> says so of, if it is not null.</summary>
    public void EvictAll(Func<PrefixNode, bool>? mayGo = null)
    {
        while (EvictOldest(mayGo))
        {
        }
    }

    /// <summary>What is in the cells that are not free; <paramref name="leases"/> are all there are.</summary>
    public ImmutableArray<KvSpan> DrawMap(IEnumerable<(long RequestId, KvLease Lease)> leases) => KvMap.Draw(_tree.Roots, leases);

    /// <summary>How many positions, from 0, a sequence id covers by the books; 0 if it is free. Leases count with their own cells only by the caller.</summary>
    public int GetCachedLength(int sequenceId) => _isCached[sequenceId] ? _endOf[sequenceId]!.End : 0;

    /// <summary>Throws if the books contradict themselves; <paramref name="leases"/> are all there are. For tests and idle checks.</summary>
    public void CheckIntegrity(IEnumerable<KvLease> leases)
    {
        var numOwn = 0;
        var numLeases = 0;
        foreach (var lease in leases)
        {
            numOwn += lease.NumOwn;
            numLeases++;
            Require(!_isCached[lease.SequenceId], "a lease's id is not cached");
        }

        var inNodes = 0;
        var cached = 0;
        var nodes = new Stack<PrefixNode>(_tree.Roots);
        while (nodes.TryPop(out var node))
        {
            inNodes += node.Length;
            cached += node.NumLocks == 0 ? node.Length : 0;
            Require(node.Length == 0 || node.FirstChild is not null || IsCovered(node), "a leaf is covered by an id");
            Require(node.FirstChild is null || FindCachedId(node) < 0, "a cached id ends at a leaf");
            node.CheckIntegrity();
            for (var child = node.FirstChild; child is not null; child = child.NextSibling)
            {
                nodes.Push(child);
            }
        }

        Require(numOwn + inNodes + NumFreeCells == NumCells, $"own {numOwn} + nodes {inNodes} + free {NumFreeCells} = {NumCells} cells");
        Require(cached == NumCachedCells, $"unlocked nodes hold {cached} cells, the books say {NumCachedCells}");
        Require(_ids.NumFree + numLeases + _isCached.Count(isCached => isCached) == _ids.Count, "every id is free, a lease's or a cached leaf's");
    }

    private static void Require(bool condition, string what)
    {
        if (!condition)
        {
            throw new InvalidOperationException($"KV books: violated: {what}.");
        }
    }

    private void MoveTo(KvLease lease, PrefixNode child)
    {
        NumCachedCells -= _tree.LockOne(child);
        lease.Node = child;
        _endOf[lease.SequenceId] = child;
    }

    // An id that covers all of the node: one that ends at a leaf below it.
    private int FindCover(PrefixNode node)
    {
        while (node.FirstChild is { } child)
        {
            node = child;
        }

        return Array.IndexOf(_endOf, node);
    }

    private bool IsCovered(PrefixNode node) => Array.IndexOf(_endOf, node) >= 0;

    // The tree already has these tokens: share its cells, free our own copies.
    private void Share(KvLease lease, PrefixNode child, ReadOnlySpan<int> tokens)
    {
        var start = child.Start;
        var common = child.Tokens.CommonPrefixLength(tokens);
        var end = _tree.CutAt(new PrefixMatch(child, start + common), salt: null);
        _operations.Add(CacheOperation.Remove(lease.SequenceId, start, end.End));
        _operations.Add(CacheOperation.Copy(FindCover(end), lease.SequenceId, start, end.End));
        NumFreeCells += common;
        MoveTo(lease, end);
    }

    // New to the tree: our own cells become the node's.
    private void Extend(KvLease lease, PrefixNode node, ReadOnlySpan<int> tokens)
    {
        var cached = FindCachedId(node);
        if (node is { HasRoom: true, FirstChild: null, NumLocks: 1 } && cached < 0)
        {
            node.Append(tokens);
            return;
        }

        var child = node.AddChild(tokens);
        NumCachedCells += child.Length; // until the lease locks it
        MoveTo(lease, child);
        if (cached >= 0)
        {
            // No leaf any more: whoever is below covers it from now on.
            _endOf[cached] = null;
            _isCached[cached] = false;
            Free(cached);
        }
    }

    private int FindCachedId(PrefixNode node)
    {
        for (var id = 0; id < _endOf.Length; id++)
        {
            if (_isCached[id] && _endOf[id] == node)
            {
                return id;
            }
        }

        return -1;
    }

    private bool EvictOldest(Func<PrefixNode, bool>? mayGo = null)
    {
        var oldest = -1;
        for (var id = 0; id < _endOf.Length; id++)
        {
            if (_isCached[id] && _endOf[id] is { NumLocks: 0, FirstChild: null } node && (oldest < 0 || node.LastUsed < _endOf[oldest]!.LastUsed) && mayGo?.Invoke(node) != false)
            {
                oldest = id;
            }
        }

        if (oldest < 0)
        {
            return false;
        }

        Evict(oldest);
        return true;
    }

    private void Evict(int id)
    {
        var leaf = _endOf[id]!;
        var parent = leaf.Parent!;
        leaf.Detach();
        NumFreeCells += leaf.Length;
        NumCachedCells -= leaf.Length;
        NumEvictedTokens += leaf.Length;
        if (parent.Length > 0 && parent.FirstChild is null && !IsCovered(parent))
        {
            _operations.Add(CacheOperation.Remove(id, parent.End, leaf.End));
            _endOf[id] = parent;
            return;
        }

        _endOf[id] = null;
        _isCached[id] = false;
        Free(id);
        _tree.DropIfEmptyRoot(parent);
    }

    private void Free(int id)
    {
        _operations.Add(CacheOperation.Remove(id, 0, End));
        _ids.Return(id);
    }
}
