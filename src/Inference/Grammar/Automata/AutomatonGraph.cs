namespace InferenceServer.Inference.Grammar.Automata;

/// <summary>States and edges of an automaton, laid out for matching. Immutable; any thread.</summary>
internal sealed class AutomatonGraph
{
    // Edges of state s are those from _firstEdge[s] to _firstEdge[s + 1].
    private readonly int[] _firstEdge;
    private readonly Edge[] _edges;
    private readonly int[] _entries;
    private readonly bool[] _isEnd;
    private readonly bool[] _isTail;

    public AutomatonGraph(AutomatonBuilder builder)
    {
        _firstEdge = new int[builder.NumStates + 1];
        foreach (var (from, _) in builder.Edges)
        {
            _firstEdge[from + 1]++;
        }

        for (var state = 0; state < builder.NumStates; state++)
        {
            _firstEdge[state + 1] += _firstEdge[state];
        }

        var position = _firstEdge.ToArray();
        _edges = new Edge[builder.Edges.Count];
        foreach (var (from, edge) in builder.Edges)
        {
            _edges[position[from]++] = edge;
        }

        _entries = [.. builder.Rules.Select(rule => rule.Entry)];
        _isEnd = new bool[builder.NumStates];
        foreach (var rule in builder.Rules)
        {
            _isEnd[rule.End] = true;
        }

        _isTail = new bool[builder.NumStates];
        for (var state = 0; state < builder.NumStates; state++)
        {
            _isTail[state] = LeadsOnlyToEnd(state);
        }
    }

    /// <summary>Number of states.</summary>
    public int NumStates => _isEnd.Length;

    /// <summary>Number of rules.</summary>
    public int NumRules => _entries.Length;

    /// <summary>Edges that leave a state.</summary>
    public ReadOnlySpan<Edge> EdgesOf(int state) => _edges.AsSpan(_firstEdge[state].._firstEdge[state + 1]);

    /// <summary>First state of a rule.</summary>
    public int Entry(int rule) => _entries[rule];

    /// <summary>True: a rule ends here.</summary>
    public bool IsEnd(int state) => _isEnd[state];

    /// <summary>
    /// True: from here nothing but the end of the rule can follow. A call that returns here needs no return: this keeps
    /// right recursion from growing the stack.
    /// </summary>
    public bool IsTail(int state) => _isTail[state];

    private bool LeadsOnlyToEnd(int state)
    {
        // Longer chains of empty edges are not built.
        for (var i = 0; i < 8; i++)
        {
            if (_isEnd[state])
            {
                return true;
            }

            var edges = EdgesOf(state);
            if (edges.Length != 1 || edges[0].Kind != EdgeKind.Nothing)
            {
                return false;
            }

            state = edges[0].Target;
        }

        return false;
    }
}
