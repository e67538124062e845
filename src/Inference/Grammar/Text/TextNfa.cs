namespace InferenceServer.Inference.Grammar.Text;

/// <summary>
/// A nondeterministic automaton over code points, with two more symbols for the borders of the text. State 0 is the
/// first. One thread.
/// </summary>
internal sealed class TextNfa(CompileBudget budget, string place)
{
    /// <summary>Stands before the first character of a text.</summary>
    public const int Begin = CodePointSet.Max + 1;

    /// <summary>Stands after the last character of a text.</summary>
    public const int End = CodePointSet.Max + 2;

    private readonly List<List<(int Low, int High, int Target)>> _edges = [[]];
    private readonly List<List<int>> _empty = [[]];

    /// <summary>States so far.</summary>
    public int NumStates => _edges.Count;

    /// <summary>Where a text has to end.</summary>
    public int Accept { get; set; }

    /// <summary>Edges of a state.</summary>
    public IReadOnlyList<(int Low, int High, int Target)> EdgesOf(int state) => _edges[state];

    /// <summary>States that can be reached from a state without a character.</summary>
    public IReadOnlyList<int> EmptyEdgesOf(int state) => _empty[state];

    /// <summary>Adds a state.</summary>
    public int AddState()
    {
        budget.SpendText(1, place);
        _edges.Add([]);
        _empty.Add([]);
        return _edges.Count - 1;
    }

    /// <summary>Adds an edge for a range of code points or border symbols.</summary>
    public void Add(int from, int low, int high, int to) => _edges[from].Add((low, high, to));

    /// <summary>Adds an edge that takes nothing.</summary>
    public void AddEmpty(int from, int to) => _empty[from].Add(to);

    /// <summary>Adds states that take a text of the expression; returns the last.</summary>
    public int Add(int from, SyntaxNode node)
    {
        budget.SpendText(1, place);
        switch (node)
        {
            case SyntaxNode.Characters characters:
                {
                    var to = AddState();
                    foreach (var (low, high) in characters.Set.Ranges)
                    {
                        Add(from, low, high, to);
                    }

                    return to;
                }

            case SyntaxNode.Anchor anchor:
                {
                    var symbol = anchor.IsEnd ? End : Begin;
                    var to = AddState();
                    Add(from, symbol, symbol, to);
                    return to;
                }

            case SyntaxNode.Sequence sequence:
                foreach (var item in sequence.Items)
                {
                    from = Add(from, item);
                }

                return from;
            case SyntaxNode.Choice choice:
                {
                    var to = AddState();
                    foreach (var option in choice.Options)
                    {
                        AddEmpty(Add(from, option), to);
                    }

                    return to;
                }

            case SyntaxNode.Repeat repeat:
                return AddRepeat(from, repeat);
            default:
                throw new InvalidOperationException($"{node.GetType().Name} is no part of a regular expression.");
        }
    }

    private int AddRepeat(int from, SyntaxNode.Repeat repeat)
    {
        for (var i = 0; i < repeat.Min; i++)
        {
            from = Add(from, repeat.Item);
        }

        var end = AddState();
        if (repeat.Max is { } max)
        {
            for (var i = repeat.Min; i < max; i++)
            {
                AddEmpty(from, end);

                // A fresh state: an item that can be empty must not loop back into the one before.
                var start = AddState();
                AddEmpty(from, start);
                from = Add(start, repeat.Item);
            }

            AddEmpty(from, end);
            return end;
        }

        var loop = AddState();
        AddEmpty(from, loop);
        AddEmpty(Add(loop, repeat.Item), loop);
        AddEmpty(loop, end);
        return end;
    }
}
