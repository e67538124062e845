namespace InferenceServer.Inference.Grammar.Automata;

/// <summary>Checks a finished set of rules: no rule begins with itself, and the root can end within the stack's limit.</summary>
internal static class AutomatonAnalysis
{
    /// <summary>The height of a state from which no end can be reached.</summary>
    public const int Endless = int.MaxValue / 2;

    /// <summary>Checks and lays out.</summary>
    /// <exception cref="GrammarException">Left recursion, or nothing can be generated.</exception>
    public static Automaton Build(AutomatonBuilder builder, int root, CompileBudget budget)
    {
        var graph = new AutomatonGraph(builder);
        RefuseLeftRecursion(builder, graph, budget);
        var heights = FindHeights(builder, graph);
        if (heights[graph.Entry(root)] > GrammarLimits.MaxStackDepth)
        {
            throw new GrammarException(GrammarErrorKind.Unsatisfiable, "No finite text fits this.", FindCulprit(builder, heights, root));
        }

        return new Automaton(graph, heights, root);
    }

    // The innermost of the rules on the way that cannot end says most about why.
    private static string FindCulprit(AutomatonBuilder builder, int[] heights, int root)
    {
        var seen = new HashSet<int> { root };
        var rule = root;
        var calls = builder.Edges.Where(edge => edge.Edge.Kind == EdgeKind.Call).ToLookup(edge => edge.From, edge => edge.Edge.Rule);
        var outgoing = builder.Edges.ToLookup(edge => edge.From, edge => edge.Edge.Target);
        while (true)
        {
            var states = new Queue<int>([builder.Entry(rule)]);
            var visited = new HashSet<int>(states);
            var next = -1;
            while (next < 0 && states.TryDequeue(out var state))
            {
                next = calls[state].FirstOrDefault(callee => heights[builder.Entry(callee)] >= Endless && seen.Add(callee), -1);
                foreach (var target in outgoing[state].Where(visited.Add))
                {
                    states.Enqueue(target);
                }
            }

            if (next < 0)
            {
                return builder.Rules[rule].Name;
            }

            rule = next;
        }
    }

    /// <summary>
    /// For every state the number of rules that must at least be opened above the present one to reach the end of its rule
    /// (Knuth's generalization of Dijkstra's shortest paths to grammars).
    /// </summary>
    private static int[] FindHeights(AutomatonBuilder builder, AutomatonGraph graph)
    {
        var heights = new int[graph.NumStates];
        Array.Fill(heights, Endless);
        var incoming = builder.Edges.ToLookup(edge => edge.Edge.Target);
        var callers = builder.Edges.Where(edge => edge.Edge.Kind == EdgeKind.Call).ToLookup(edge => graph.Entry(edge.Edge.Rule));
        var isDone = new bool[graph.NumStates];
        var queue = new PriorityQueue<int, int>();
        foreach (var rule in builder.Rules)
        {
            heights[rule.End] = 0;
            queue.Enqueue(rule.End, 0);
        }

        while (queue.TryDequeue(out var state, out _))
        {
            if (isDone[state])
            {
                continue;
            }

            isDone[state] = true;
            foreach (var (from, edge) in incoming[state])
            {
                Offer(from, edge);
            }

            foreach (var (from, edge) in callers[state])
            {
                Offer(from, edge);
            }
        }

        return heights;

        void Offer(int from, Edge edge)
        {
            var height = heights[edge.Target];
            if (edge.Kind == EdgeKind.Call)
            {
                height = Math.Max(height, heights[graph.Entry(edge.Rule)] + (graph.IsTail(edge.Target) ? 0 : 1));
            }

            if (height < Endless && height < heights[from])
            {
                heights[from] = height;
                queue.Enqueue(from, height);
            }
        }
    }

    private static void RefuseLeftRecursion(AutomatonBuilder builder, AutomatonGraph graph, CompileBudget budget)
    {
        var isNullable = FindNullable(builder, graph, budget);
        var leftCalls = new List<int>[graph.NumRules];
        for (var rule = 0; rule < graph.NumRules; rule++)
        {
            leftCalls[rule] = FindLeftCalls(graph, rule, isNullable, out _);
            budget.CheckClock(builder.Rules[rule].Name);
        }

        // Depth-first search without recursion: 1 is on the path, 2 is done.
        var mark = new byte[graph.NumRules];
        var path = new Stack<(int Rule, int Next)>();
        for (var start = 0; start < graph.NumRules; start++)
        {
            if (mark[start] != 0)
            {
                continue;
            }

            mark[start] = 1;
            path.Push((start, 0));
            while (path.TryPop(out var top))
            {
                if (top.Next == leftCalls[top.Rule].Count)
                {
                    mark[top.Rule] = 2;
                    continue;
                }

                path.Push((top.Rule, top.Next + 1));
                var callee = leftCalls[top.Rule][top.Next];
                if (mark[callee] == 1)
                {
                    throw new GrammarException(GrammarErrorKind.LeftRecursion, $"\"{builder.Rules[callee].Name}\" begins with itself.", builder.Rules[callee].Name);
                }

                if (mark[callee] == 0)
                {
                    mark[callee] = 1;
                    path.Push((callee, 0));
                }
            }
        }
    }

    private static bool[] FindNullable(AutomatonBuilder builder, AutomatonGraph graph, CompileBudget budget)
    {
        var isNullable = new bool[graph.NumRules];
        for (var hasChanged = true; hasChanged;)
        {
            hasChanged = false;
            for (var rule = graph.NumRules - 1; rule >= 0; rule--)
            {
                budget.CheckClock(builder.Rules[rule].Name);
                if (!isNullable[rule])
                {
                    FindLeftCalls(graph, rule, isNullable, out isNullable[rule]);
                    hasChanged |= isNullable[rule];
                }
            }
        }

        return isNullable;
    }

    /// <summary>Rules that can be called before a byte was taken.</summary>
    private static List<int> FindLeftCalls(AutomatonGraph graph, int rule, bool[] isNullable, out bool reachesEnd)
    {
        var calls = new HashSet<int>();
        var work = new Stack<int>([graph.Entry(rule)]);
        var seen = new HashSet<int>(work);
        reachesEnd = false;
        while (work.TryPop(out var state))
        {
            reachesEnd |= graph.IsEnd(state);
            foreach (var edge in graph.EdgesOf(state))
            {
                if (edge.Kind == EdgeKind.Call)
                {
                    calls.Add(edge.Rule);
                }

                if ((edge.Kind == EdgeKind.Nothing || (edge.Kind == EdgeKind.Call && isNullable[edge.Rule])) && seen.Add(edge.Target))
                {
                    work.Push(edge.Target);
                }
            }
        }

        return [.. calls];
    }
}
