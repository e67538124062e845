using System.Collections.Immutable;

namespace InferenceServer.Inference.Grammar.Text;

/// <summary>Makes a <see cref="TextDfa"/> of a <see cref="TextNfa"/> by the subset construction.</summary>
internal static class TextDeterminizer
{
    /// <summary>The deterministic automaton.</summary>
    /// <param name="nfa">Not changed.</param>
    /// <param name="hasBorders">True: texts of <paramref name="nfa"/> stand between the border symbols, which are taken off.</param>
    /// <param name="budget">What may be spent.</param>
    /// <param name="place">How errors call it.</param>
    public static TextDfa Determinize(TextNfa nfa, bool hasBorders, CompileBudget budget, string place)
    {
        var ids = new Dictionary<string, int>();
        var subsets = new List<int[]>();
        var edges = ImmutableArray.CreateBuilder<TextDfa.Edges>();
        var accepts = ImmutableArray.CreateBuilder<bool>();
        int[] first = hasBorders ? After(nfa, Close(nfa, [0], budget, place), TextNfa.Begin, budget, place) : Close(nfa, [0], budget, place);
        IdOf(first);
        for (var i = 0; i < subsets.Count; i++)
        {
            var subset = subsets[i];
            var last = hasBorders ? After(nfa, subset, TextNfa.End, budget, place) : subset;
            accepts.Add(Array.BinarySearch(last, nfa.Accept) >= 0);
            edges.Add(FindEdges(subset));
        }

        return new TextDfa(edges.ToImmutable(), accepts.ToImmutable());

        int IdOf(int[] subset)
        {
            var key = string.Create(subset.Length * 2, subset, static (text, states) =>
            {
                for (var i = 0; i < states.Length; i++)
                {
                    text[2 * i] = (char)(states[i] >> 16);
                    text[(2 * i) + 1] = (char)states[i];
                }
            });
            if (!ids.TryGetValue(key, out var id))
            {
                id = subsets.Count;
                CheckSize(id, place);
                ids.Add(key, id);
                subsets.Add(subset);
            }

            return id;
        }

        TextDfa.Edges FindEdges(int[] subset)
        {
            var all = new List<(int Low, int High, int Target)>();
            var borders = new SortedSet<int>();
            foreach (var state in subset)
            {
                foreach (var edge in nfa.EdgesOf(state))
                {
                    if (edge.Low <= CodePointSet.Max)
                    {
                        all.Add(edge);
                        borders.Add(edge.Low);
                        borders.Add(edge.High + 1);
                    }
                }
            }

            all.Sort();
            var result = ImmutableArray.CreateBuilder<(int Low, int High, int Target)>();
            var active = new List<(int Low, int High, int Target)>();
            var next = 0;
            var low = -1;
            foreach (var border in borders)
            {
                if (low >= 0 && active.Count > 0)
                {
                    budget.SpendText(active.Count, place);
                    var target = IdOf(Close(nfa, active.Select(edge => edge.Target), budget, place));
                    if (result.Count > 0 && result[^1].High == low - 1 && result[^1].Target == target)
                    {
                        result[^1] = (result[^1].Low, border - 1, target);
                    }
                    else
                    {
                        result.Add((low, border - 1, target));
                    }
                }

                active.RemoveAll(edge => edge.High < border);
                while (next < all.Count && all[next].Low == border)
                {
                    active.Add(all[next++]);
                }

                low = border;
            }

            return new TextDfa.Edges(result.ToImmutable());
        }
    }

    /// <summary>Refuses automata that are too large.</summary>
    public static void CheckSize(int numStates, string place)
    {
        if (numStates >= GrammarLimits.MaxTextStates)
        {
            throw new GrammarException(GrammarErrorKind.TooComplex, $"The pattern needs more than {GrammarLimits.MaxTextStates} states.", place);
        }
    }

    private static int[] After(TextNfa nfa, int[] subset, int symbol, CompileBudget budget, string place) =>
        Close(nfa, subset.SelectMany(state => nfa.EdgesOf(state)).Where(edge => edge.Low == symbol).Select(edge => edge.Target), budget, place);

    private static int[] Close(TextNfa nfa, IEnumerable<int> states, CompileBudget budget, string place)
    {
        var closed = new HashSet<int>();
        var work = new Stack<int>();
        foreach (var state in states)
        {
            if (closed.Add(state))
            {
                work.Push(state);
            }
        }

        while (work.TryPop(out var state))
        {
            foreach (var target in nfa.EmptyEdgesOf(state))
            {
                budget.SpendText(1, place);
                if (closed.Add(target))
                {
                    work.Push(target);
                }
            }
        }

        var result = closed.ToArray();
        Array.Sort(result);
        return result;
    }
}
