using InferenceServer.Inference.Grammar.Automata;

namespace InferenceServer.Inference.Grammar.Tokens;

/// <summary>Walks a vocabulary's tree against a state of an automaton. Any thread.</summary>
internal static class MaskBuilder
{
    [ThreadStatic]
    private static AutomatonState[]? _path;

    /// <summary>The tokens all of whose bytes fit after the state, and those that end the generation if the text may end there.</summary>
    public static TokenMask Build(TokenTrie trie, Automaton automaton, AutomatonState start)
    {
        var bits = new ulong[(trie.NumTokens + 63) / 64];
        var count = 0;
        if (start.Accepts)
        {
            foreach (var token in trie.EndTokens)
            {
                bits[token >> 6] |= 1UL << token;
                count++;
            }
        }

        if (start.IsLast)
        {
            return new TokenMask(bits, count);
        }

        // path[d] is the state after the first d bytes of the current node.
        var path = _path is { } known && known.Length > trie.MaxDepth ? known : _path = new AutomatonState[trie.MaxDepth + 1];
        var labels = trie.Labels;
        var depths = trie.Depths;
        var ends = trie.Ends;
        var classOf = automaton.ClassOf;
        path[0] = start;
        var work = GrammarLimits.MaxMaskWork;
        for (var node = 0; node < labels.Length;)
        {
            var depth = depths[node];
            var before = path[depth];
            var after = before.IsLast ? null : automaton.StepClass(before, classOf[labels[node]], ref work);
            if (after is null || after.IsDead)
            {
                node = ends[node];
                continue;
            }

            path[depth + 1] = after;
            foreach (var token in trie.TokensAt(node))
            {
                bits[token >> 6] |= 1UL << token;
                count++;
            }

            node++;
        }

        Array.Clear(path);
        return new TokenMask(bits, count);
    }
}
