using System.Collections.Immutable;

namespace InferenceServer.Inference.Cache;

/// <summary>Draws the KV memory as spans: one per running sequence, one per stretch of prefix tree that several share or nobody runs on. Engine thread only.</summary>
internal static class KvMap
{
    /// <summary>Every cell that is not free is in one span.</summary>
    /// <param name="roots">Of the prefix tree.</param>
    /// <param name="leases">Of the running sequences, with their requests.</param>
    public static ImmutableArray<KvSpan> Draw(IEnumerable<PrefixNode> roots, IEnumerable<(long RequestId, KvLease Lease)> leases)
    {
        var spans = ImmutableArray.CreateBuilder<KvSpan>();
        foreach (var (request, lease) in leases)
        {
            spans.Add(DrawOwn(request, lease));
        }

        var nodes = new Stack<PrefixNode>(roots);
        while (nodes.TryPop(out var node))
        {
            var (start, numUsers) = (node.Start, node.NumLocks);

            // Blocks end a node, and a new branch cuts one: what goes on in one way for as many users is one stretch.
            while (node.Length > 0 && node.FirstChild is { NextSibling: null } only && only.NumLocks == numUsers)
            {
                node = only;
            }

            if (node.End > start && numUsers != 1)
            {
                spans.Add(new KvSpan(null, start, node.End - start, numUsers));
            }

            for (var child = node.FirstChild; child is not null; child = child.NextSibling)
            {
                nodes.Push(child);
            }
        }

        return spans.DrainToImmutable();
    }

    // A node with one lock is on the path of one lease: its cells are that sequence's alone.
    private static KvSpan DrawOwn(long request, KvLease lease)
    {
        var numCells = lease.NumOwn;
        for (var node = lease.Node; node is { NumLocks: 1, Length: > 0 }; node = node.Parent)
        {
            numCells += node.Length;
        }

        return new KvSpan(request, lease.NumTokens - numCells, numCells, 1);
    }
}
