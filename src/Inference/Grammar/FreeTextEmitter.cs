using System.Collections.Immutable;
using System.Text;
using InferenceServer.Inference.Grammar.Automata;

namespace InferenceServer.Inference.Grammar;

/// <summary>
/// Adds states that take any bytes of text in which none of some texts occurs: the automaton of Aho and Corasick
/// ("Efficient string matching", 1975) without the states in which one of them is found.
/// </summary>
internal static class FreeTextEmitter
{
    /// <summary>Adds them.</summary>
    /// <param name="builder">Where to.</param>
    /// <param name="from">Before the text.</param>
    /// <param name="excluded">None empty.</param>
    /// <param name="to">After it.</param>
    public static void Add(AutomatonBuilder builder, int from, ImmutableArray<string> excluded, int to)
    {
        var nodes = BuildTree(excluded);
        Link(nodes);
        var states = new int[nodes.Count];
        for (var i = 0; i < states.Length; i++)
        {
            states[i] = nodes[i].IsFound ? -1 : builder.AddState();
        }

        builder.AddNothing(from, states[0]);
        for (var i = 0; i < states.Length; i++)
        {
            if (states[i] < 0)
            {
                continue;
            }

            builder.AddNothing(states[i], to);

            // Neighbouring bytes mostly lead to the same place: one edge for all of them.
            var low = 0;
            for (var value = 1; value <= ControlSpelling.Mark; value++)
            {
                if (value < ControlSpelling.Mark && nodes[i].Next[value] == nodes[i].Next[low])
                {
                    continue;
                }

                if (states[nodes[i].Next[low]] is >= 0 and var target)
                {
                    builder.AddBytes(states[i], low, value - 1, target);
                }

                low = value;
            }
        }
    }

    private static List<Node> BuildTree(ImmutableArray<string> texts)
    {
        var nodes = new List<Node> { new() };
        foreach (var text in texts)
        {
            var at = 0;
            foreach (var value in Encoding.UTF8.GetBytes(text))
            {
                if (nodes[at].Next[value] == 0)
                {
                    nodes[at].Next[value] = nodes.Count;
                    nodes.Add(new Node());
                }

                at = nodes[at].Next[value];
            }

            nodes[at].IsFound = true;
        }

        return nodes;
    }

    // Breadth first: where a byte does not go on, it goes where it would from the longest other beginning of a text that the node ends in.
    private static void Link(List<Node> nodes)
    {
        var queue = new Queue<(int Node, int Fallback)>();
        foreach (var child in nodes[0].Next.Where(child => child > 0).Distinct())
        {
            queue.Enqueue((child, 0));
        }

        while (queue.TryDequeue(out var item))
        {
            var (node, fallback) = (nodes[item.Node], nodes[item.Fallback]);
            node.IsFound |= fallback.IsFound;
            for (var value = 0; value < node.Next.Length; value++)
            {
                if (node.Next[value] > 0)
                {
                    queue.Enqueue((node.Next[value], fallback.Next[value]));
                }
                else
                {
                    node.Next[value] = fallback.Next[value];
                }
            }
        }
    }

    private sealed class Node
    {
        /// <summary>By byte; 0: the root.</summary>
        public int[] Next { get; } = new int[256];

        /// <summary>True: one of the texts ends here.</summary>
        public bool IsFound { get; set; }
    }
}
