using System.Collections.Immutable;
using System.Text;

namespace InferenceServer.Inference.Sampling;

/// <summary>
/// Looks for stop texts in a stream of bytes: a fold over the bytes, whatever their portions, so that the engine (to
/// end) and the host (to hold back text) come to the same end apart from each other. Of several matches the one that
/// ends first wins, of those the one that begins first. Feeding allocates nothing. One thread at a time.
/// </summary>
/// <remarks>
/// The automaton of Aho and Corasick ("Efficient string matching", 1975): a node is a beginning of some stop text, the
/// current node the longest one that the bytes so far end in. All that may still become a match is therefore as long as
/// the current node is deep, and everything before it is safe.
/// </remarks>
internal sealed class StopMatcher
{
    private const int Root = 0;
    private const int None = -1;

    private readonly ImmutableArray<string> _stops;
    private readonly List<Node> _nodes = [new Node()];
    private int _current = Root;

    /// <summary>Builds the automaton; its size is the sum of the texts' lengths.</summary>
    /// <param name="stops">None empty; may be none at all, then nothing ever matches and nothing is held back.</param>
    public StopMatcher(ImmutableArray<string> stops)
    {
        _stops = stops;
        for (var i = 0; i < stops.Length; i++)
        {
            ArgumentException.ThrowIfNullOrEmpty(stops[i], nameof(stops));
            Add(Encoding.UTF8.GetBytes(stops[i]), i);
        }

        LinkFallbacks();
    }

    /// <summary>Bytes from the start that are no part of a match, now or later. After a match: where the match begins.</summary>
    public long NumSafe { get; private set; }

    /// <summary>Bytes taken so far; a match takes none behind it.</summary>
    public long NumFed { get; private set; }

    /// <summary>The stop text that matched; null as long as none did.</summary>
    public string? MatchedStop { get; private set; }

    /// <summary>Takes the next bytes; true once a stop text has matched, then all further bytes are ignored.</summary>
    public bool Feed(ReadOnlySpan<byte> bytes)
    {
        if (MatchedStop is not null)
        {
            return true;
        }

        if (_nodes.Count == 1)
        {
            NumFed += bytes.Length;
            NumSafe = NumFed;
            return false;
        }

        foreach (var value in bytes)
        {
            NumFed++;
            _current = Next(_current, value);
            var node = _nodes[_current];
            if (node.Stop != None)
            {
                MatchedStop = _stops[node.Stop];
                NumSafe = NumFed - node.StopLength;
                return true;
            }
        }

        NumSafe = NumFed - _nodes[_current].Depth;
        return false;
    }

    private int Next(int node, byte value)
    {
        while (true)
        {
            var child = FindChild(node, value);
            if (child != None)
            {
                return child;
            }

            if (node == Root)
            {
                return Root;
            }

            node = _nodes[node].Fallback;
        }
    }

    private int FindChild(int node, byte value)
    {
        var child = _nodes[node].FirstChild;
        while (child != None && _nodes[child].Value != value)
        {
            child = _nodes[child].NextSibling;
        }

        return child;
    }

    private void Add(ReadOnlySpan<byte> text, int stop)
    {
        var at = Root;
        foreach (var value in text)
        {
            var child = FindChild(at, value);
            if (child == None)
            {
                child = _nodes.Count;
                var parent = _nodes[at];
                _nodes.Add(new Node { Value = value, Depth = parent.Depth + 1, NextSibling = parent.FirstChild });
                parent.FirstChild = child;
            }

            at = child;
        }

        _nodes[at].Stop = stop;
        _nodes[at].StopLength = text.Length;
    }

    /// <summary>Breadth first: a node's fallback is shallower than the node, so it is complete when it is needed.</summary>
    private void LinkFallbacks()
    {
        var queue = new Queue<int>();
        queue.Enqueue(Root);
        while (queue.TryDequeue(out var parent))
        {
            for (var child = _nodes[parent].FirstChild; child != None; child = _nodes[child].NextSibling)
            {
                var node = _nodes[child];
                node.Fallback = parent == Root ? Root : Next(_nodes[parent].Fallback, node.Value);
                if (node.Stop == None)
                {
                    // A shorter stop text ends where this beginning ends.
                    node.Stop = _nodes[node.Fallback].Stop;
                    node.StopLength = _nodes[node.Fallback].StopLength;
                }

                queue.Enqueue(child);
            }
        }
    }

    private sealed class Node
    {
        /// <summary>The byte that leads here from the parent.</summary>
        public byte Value { get; init; }

        /// <summary>Bytes from the root.</summary>
        public int Depth { get; init; }

        /// <summary>Siblings form a list.</summary>
        public int NextSibling { get; init; } = None;

        public int FirstChild { get; set; } = None;

        /// <summary>The longest other node that this one ends in.</summary>
        public int Fallback { get; set; } = Root;

        /// <summary>Index of the longest stop text that ends here; <see cref="None"/> if none does.</summary>
        public int Stop { get; set; } = None;

        /// <summary>Length of that stop text in bytes.</summary>
        public int StopLength { get; set; }
    }
}
