using System.Collections.Immutable;

namespace InferenceServer.Inference.Grammar.Text;

/// <summary>
/// A regular set of texts: a deterministic automaton over code points. State 0 is the first; a code point without an edge
/// leads nowhere. Immutable; any thread.
/// </summary>
internal sealed class TextDfa
{
    private readonly ImmutableArray<Edges> _edges;
    private readonly ImmutableArray<bool> _accepts;

    /// <param name="edges">Ascending, for every state.</param>
    /// <param name="accepts">True for states in which a text may end.</param>
    public TextDfa(ImmutableArray<Edges> edges, ImmutableArray<bool> accepts)
    {
        (_edges, _accepts) = Trim(edges, accepts);
    }

    /// <summary>Any text.</summary>
    public static TextDfa Any { get; } = new([new Edges([.. CodePointSet.All.Ranges.Select(range => (range.Low, range.High, 0))])], [true]);

    /// <summary>Number of states.</summary>
    public int NumStates => _edges.Length;

    /// <summary>True if no text belongs to the set.</summary>
    public bool IsEmpty => !_accepts.Contains(true);

    /// <summary>Edges of a state, ascending.</summary>
    public ImmutableArray<(int Low, int High, int Target)> EdgesOf(int state) => _edges[state].Items;

    /// <summary>True: a text may end in this state.</summary>
    public bool Accepts(int state) => _accepts[state];

    /// <summary>True if the text belongs to the set.</summary>
    public bool Contains(string text)
    {
        var state = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            state = Step(state, rune.Value);
            if (state < 0)
            {
                return false;
            }
        }

        return _accepts[state];
    }

    /// <summary>The set of exactly these texts.</summary>
    public static TextDfa OfTexts(IEnumerable<string> texts)
    {
        var children = new List<SortedDictionary<int, int>> { new() };
        var accepts = new List<bool> { false };
        foreach (var text in texts)
        {
            var state = 0;
            foreach (var rune in text.EnumerateRunes())
            {
                if (!children[state].TryGetValue(rune.Value, out var next))
                {
                    next = children.Count;
                    children[state].Add(rune.Value, next);
                    children.Add([]);
                    accepts.Add(false);
                }

                state = next;
            }

            accepts[state] = true;
        }

        return new TextDfa([.. children.Select(child => new Edges([.. child.Select(pair => (pair.Key, pair.Key, pair.Value))]))], [.. accepts]);
    }

    /// <summary>The set of all texts with a number of characters.</summary>
    /// <param name="min">At least.</param>
    /// <param name="max">At most; null for any number.</param>
    public static TextDfa OfLength(int min, int? max)
    {
        var last = max ?? min;
        var edges = ImmutableArray.CreateBuilder<Edges>(last + 1);
        var accepts = ImmutableArray.CreateBuilder<bool>(last + 1);
        for (var length = 0; length <= last; length++)
        {
            var target = length < last ? length + 1 : length;
            edges.Add(new Edges(length == last && max is not null ? [] : [.. CodePointSet.All.Ranges.Select(range => (range.Low, range.High, target))]));
            accepts.Add(length >= min);
        }

        return new TextDfa(edges.MoveToImmutable(), accepts.MoveToImmutable());
    }

    /// <summary>What belongs to both sets.</summary>
    public TextDfa Intersect(TextDfa other, CompileBudget budget, string place) => Combine(this, other, keepsWithout: false, budget, place);

    /// <summary>What belongs to this set and not to the other.</summary>
    public TextDfa Except(TextDfa other, CompileBudget budget, string place) => Combine(this, other, keepsWithout: true, budget, place);

    private int Step(int state, int codePoint)
    {
        foreach (var (low, high, target) in _edges[state].Items)
        {
            if (codePoint <= high)
            {
                return low <= codePoint ? target : -1;
            }
        }

        return -1;
    }

    // The states of the other automaton are counted from 1 here; 0 is outside of it.
    private static TextDfa Combine(TextDfa left, TextDfa right, bool keepsWithout, CompileBudget budget, string place)
    {
        var ids = new Dictionary<(int, int), int> { [(0, 1)] = 0 };
        var pairs = new List<(int Left, int Right)> { (0, 1) };
        var edges = ImmutableArray.CreateBuilder<Edges>();
        var accepts = ImmutableArray.CreateBuilder<bool>();
        for (var i = 0; i < pairs.Count; i++)
        {
            var (leftState, rightState) = pairs[i];
            var isInRight = rightState > 0 && right._accepts[rightState - 1];
            accepts.Add(left._accepts[leftState] && isInRight != keepsWithout);
            var items = ImmutableArray.CreateBuilder<(int, int, int)>();
            var theirs = rightState > 0 ? right.EdgesOf(rightState - 1) : [];
            var j = 0;
            foreach (var (low, high, target) in left.EdgesOf(leftState))
            {
                budget.SpendText(1, place);
                var from = low;
                while (from <= high)
                {
                    while (j < theirs.Length && theirs[j].High < from)
                    {
                        j++;
                    }

                    var isInside = j < theirs.Length && theirs[j].Low <= from;
                    var to = j < theirs.Length ? Math.Min(high, isInside ? theirs[j].High : theirs[j].Low - 1) : high;
                    if (isInside || keepsWithout)
                    {
                        items.Add((from, to, IdOf(target, isInside ? theirs[j].Target + 1 : 0)));
                    }

                    from = to + 1;
                }
            }

            edges.Add(new Edges(items.ToImmutable()));
        }

        return new TextDfa(edges.ToImmutable(), accepts.ToImmutable());

        int IdOf(int leftState, int rightState)
        {
            if (!ids.TryGetValue((leftState, rightState), out var id))
            {
                id = pairs.Count;
                TextDeterminizer.CheckSize(id, place);
                budget.SpendText(1, place);
                ids.Add((leftState, rightState), id);
                pairs.Add((leftState, rightState));
            }

            return id;
        }
    }

    /// <summary>Takes out the states from which no text can end.</summary>
    private static (ImmutableArray<Edges> Edges, ImmutableArray<bool> Accepts) Trim(ImmutableArray<Edges> edges, ImmutableArray<bool> accepts)
    {
        var incoming = new List<int>[edges.Length];
        for (var state = 0; state < edges.Length; state++)
        {
            foreach (var (_, _, target) in edges[state].Items)
            {
                (incoming[target] ??= []).Add(state);
            }
        }

        var isUseful = accepts.ToArray();
        var work = new Stack<int>(Enumerable.Range(0, edges.Length).Where(state => isUseful[state]));
        while (work.TryPop(out var state))
        {
            foreach (var from in incoming[state] ?? [])
            {
                if (!isUseful[from])
                {
                    isUseful[from] = true;
                    work.Push(from);
                }
            }
        }

        isUseful[0] = true;
        if (!isUseful.Contains(false))
        {
            return (edges, accepts);
        }

        var renamed = new int[edges.Length];
        var count = 0;
        for (var state = 0; state < edges.Length; state++)
        {
            renamed[state] = isUseful[state] ? count++ : -1;
        }

        var kept = Enumerable.Range(0, edges.Length).Where(state => isUseful[state]).ToArray();
        return (
            [.. kept.Select(state => new Edges([.. edges[state].Items.Where(edge => isUseful[edge.Target]).Select(edge => (edge.Low, edge.High, renamed[edge.Target]))]))],
            [.. kept.Select(state => accepts[state])]);
    }

    /// <summary>Edges of a state, ascending.</summary>
    public readonly record struct Edges(ImmutableArray<(int Low, int High, int Target)> Items);
}
