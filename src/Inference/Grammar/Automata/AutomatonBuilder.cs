namespace InferenceServer.Inference.Grammar.Automata;

/// <summary>
/// Collects states and edges of a pushdown automaton over bytes. A rule is an automaton of its own with one entry and one
/// end; a call edge takes a whole text of a rule, so rules may refer to each other before they are filled, and to
/// themselves. One thread. Over a limit: <see cref="GrammarException"/>.
/// </summary>
internal sealed class AutomatonBuilder(CompileBudget budget)
{
    private readonly List<AutomatonRule> _rules = [];
    private readonly List<(int From, Edge Edge)> _edges = [];
    private int _numStates;

    /// <summary>Rules so far.</summary>
    public IReadOnlyList<AutomatonRule> Rules => _rules;

    /// <summary>Where in the source what is added comes from, for errors.</summary>
    public string Place { get; set; } = "";

    /// <summary>States so far.</summary>
    public int NumStates => _numStates;

    /// <summary>Edges so far, each with the state it leaves.</summary>
    public IReadOnlyList<(int From, Edge Edge)> Edges => _edges;

    /// <summary>Adds a rule with an entry and an end, called by the present place.</summary>
    public int AddRule() => AddRule(Place);

    /// <summary>Adds a rule with an entry and an end.</summary>
    /// <param name="name">How errors call it.</param>
    public int AddRule(string name)
    {
        _rules.Add(new AutomatonRule(name, AddState(), AddState()));
        return _rules.Count - 1;
    }

    /// <summary>First state of a rule.</summary>
    public int Entry(int rule) => _rules[rule].Entry;

    /// <summary>Last state of a rule; nothing may leave it.</summary>
    public int End(int rule) => _rules[rule].End;

    /// <summary>Adds a state.</summary>
    public int AddState()
    {
        if (_numStates == GrammarLimits.MaxStates)
        {
            throw new GrammarException(GrammarErrorKind.TooComplex, $"The grammar needs more than {GrammarLimits.MaxStates} states.", Place);
        }

        return _numStates++;
    }

    /// <summary>Adds an edge that takes one byte from <paramref name="low"/> to <paramref name="high"/>.</summary>
    public void AddBytes(int from, int low, int high, int to) => Add(from, new Edge(EdgeKind.Bytes, (byte)low, (byte)high, 0, to));

    /// <summary>Adds an edge that takes nothing.</summary>
    public void AddNothing(int from, int to) => Add(from, new Edge(EdgeKind.Nothing, 0, 0, 0, to));

    /// <summary>Adds an edge that takes a text of a rule.</summary>
    public void AddCall(int from, int rule, int to) => Add(from, new Edge(EdgeKind.Call, 0, 0, rule, to));

    /// <summary>Adds a new state behind a call.</summary>
    public int AddCall(int from, int rule)
    {
        var to = AddState();
        AddCall(from, rule, to);
        return to;
    }

    /// <summary>Adds new states that take exactly these bytes; returns the last.</summary>
    public int AddLiteral(int from, ReadOnlySpan<byte> bytes)
    {
        foreach (var value in bytes)
        {
            var to = AddState();
            AddBytes(from, value, value, to);
            from = to;
        }

        return from;
    }

    /// <summary>Checks the rules and makes the automaton of one of them.</summary>
    public Automaton Build(int root) => AutomatonAnalysis.Build(this, root, budget);

    private void Add(int from, Edge edge)
    {
        budget.CheckClock(Place);
        if (_edges.Count == GrammarLimits.MaxEdges)
        {
            throw new GrammarException(GrammarErrorKind.TooComplex, $"The grammar needs more than {GrammarLimits.MaxEdges} edges.", Place);
        }

        _edges.Add((from, edge));
    }
}
