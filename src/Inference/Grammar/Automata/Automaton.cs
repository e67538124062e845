namespace InferenceServer.Inference.Grammar.Automata;

/// <summary>
/// A pushdown automaton over bytes. Matching follows all readings at once; what a byte leads to is worked out once per
/// state and byte and then looked up, so a text that was seen before costs an array access a byte and allocates nothing.
/// </summary>
/// <remarks>
/// Any thread, several at once: states are published by a volatile write and read without a lock; only a transition that
/// nobody has tried takes the lock. The memory for states is bounded: when it is full, all are forgotten. Whoever holds a
/// state then goes on with it; it is only no longer shared.
/// </remarks>
internal sealed class Automaton
{
    private readonly AutomatonGraph _graph;
    private readonly int[] _heights;
    private readonly int _root;
    private readonly byte[] _classOf;
    private readonly byte[] _byteOf;
    private readonly AutomatonState _dead;

    // Under the lock, as is everything below.
    private readonly Lock _lock = new();
    private readonly Dictionary<StateKey, AutomatonState> _states = [];
    private readonly Dictionary<(StackFrame?, int), StackFrame> _frames = [];
    private readonly HashSet<AutomatonThread> _visited = [];
    private readonly Stack<AutomatonThread> _work = [];
    private readonly List<AutomatonThread> _threads = [];
    private AutomatonState _start;
    private long _lastFrameId;
    private long _rememberedBytes;

    internal Automaton(AutomatonGraph graph, int[] heights, int root)
    {
        _graph = graph;
        _heights = heights;
        _root = root;
        (_classOf, _byteOf) = ByteClasses.Find(graph);
        _dead = new AutomatonState([], accepts: false, NumClasses);
        _start = FindStart();
    }

    /// <summary>Number of classes of bytes that the grammar tells apart.</summary>
    public int NumClasses => _byteOf.Length;

    /// <summary>States of the rules: a measure of memory.</summary>
    public int NumStates => _graph.NumStates;

    /// <summary>The state before any byte.</summary>
    public AutomatonState Start => Volatile.Read(ref _start);

    /// <summary>The class of every byte.</summary>
    public ReadOnlySpan<byte> ClassOf => _classOf;

    /// <summary>The state after one more byte; a dead one if the byte does not fit.</summary>
    public AutomatonState Step(AutomatonState state, byte value)
    {
        if (state.IsLast)
        {
            return _dead;
        }

        var work = int.MaxValue;
        return StepClass(state, _classOf[value], ref work);
    }

    /// <summary>The state after a byte of a class, for one that is not last.</summary>
    /// <param name="state">Not a last one.</param>
    /// <param name="byteClass">From <see cref="ClassOf"/>.</param>
    /// <param name="work">What may be spent on states that nobody has asked for before; less afterwards. At 0 or below such states count as dead.</param>
    public AutomatonState StepClass(AutomatonState state, int byteClass, ref int work) =>
        state.Peek(byteClass) ?? (work > 0 ? Explore(state, byteClass, ref work) : _dead);

    /// <summary>The state after more bytes.</summary>
    public AutomatonState Step(AutomatonState state, ReadOnlySpan<byte> bytes)
    {
        foreach (var value in bytes)
        {
            if (state.IsLast)
            {
                return _dead;
            }

            state = Step(state, value);
        }

        return state;
    }

    /// <summary>True if the bytes are a whole text of the grammar.</summary>
    public bool Matches(ReadOnlySpan<byte> bytes) => Step(Start, bytes).Accepts;

    /// <summary>The only byte that can follow; -1 if there are several, none, or the text may end here.</summary>
    public int ForcedByte(AutomatonState state)
    {
        if (state.Accepts || state.IsLast)
        {
            return -1;
        }

        var forced = -1;
        foreach (var thread in state.Threads)
        {
            foreach (var edge in _graph.EdgesOf(thread.State))
            {
                if (edge.Kind != EdgeKind.Bytes || CannotEnd(edge.Target, thread.Stack))
                {
                    continue;
                }

                if (edge.Low != edge.High || (forced >= 0 && forced != edge.Low))
                {
                    return -1;
                }

                forced = edge.Low;
            }
        }

        return forced;
    }

    private AutomatonState FindStart()
    {
        Begin();
        Follow(_graph.Entry(_root), null, out var accepts);
        return Intern(accepts);
    }

    private AutomatonState Explore(AutomatonState state, int byteClass, ref int work)
    {
        lock (_lock)
        {
            if (state.Peek(byteClass) is { } known)
            {
                return known;
            }

            if (_rememberedBytes > GrammarLimits.MaxRememberedBytes)
            {
                Forget();
            }

            Begin();
            var value = _byteOf[byteClass];
            var accepts = false;
            foreach (var thread in state.Threads)
            {
                foreach (var edge in _graph.EdgesOf(thread.State))
                {
                    if (edge.Kind == EdgeKind.Bytes && edge.Low <= value && value <= edge.High)
                    {
                        Follow(edge.Target, thread.Stack, out var reachesEnd);
                        accepts |= reachesEnd;
                    }
                }
            }

            work -= _visited.Count + state.Threads.Length + 1;
            var next = Intern(accepts);
            state.Remember(byteClass, next);
            return next;
        }
    }

    private void Begin()
    {
        _visited.Clear();
        _threads.Clear();
    }

    /// <summary>Adds all readings that can be reached from here without a byte.</summary>
    private void Follow(int from, StackFrame? below, out bool reachesEnd)
    {
        reachesEnd = false;
        _work.Push(new AutomatonThread(from, below));
        while (_work.TryPop(out var thread))
        {
            var (state, stack) = thread;
            if (CannotEnd(state, stack) || _visited.Count >= GrammarLimits.MaxClosureWork || !_visited.Add(thread))
            {
                continue;
            }

            if (_graph.IsEnd(state))
            {
                if (stack is null)
                {
                    reachesEnd = true;
                }
                else
                {
                    _work.Push(new AutomatonThread(stack.ReturnState, stack.Parent));
                }

                continue;
            }

            var takesByte = false;
            foreach (var edge in _graph.EdgesOf(state))
            {
                switch (edge.Kind)
                {
                    case EdgeKind.Bytes:
                        takesByte = true;
                        break;
                    case EdgeKind.Nothing:
                        _work.Push(new AutomatonThread(edge.Target, stack));
                        break;
                    case EdgeKind.Call when CannotEnd(edge.Target, stack):
                        break; // the rule could end, but not what comes after it
                    default:
                        _work.Push(new AutomatonThread(_graph.Entry(edge.Rule), _graph.IsTail(edge.Target) ? stack : Push(stack, edge.Target)));
                        break;
                }
            }

            if (takesByte && _threads.Count < GrammarLimits.MaxThreads)
            {
                _threads.Add(thread);
            }
        }
    }

    // From what is left an end can always be reached within the limit: no text leads into a dead end.
    private bool CannotEnd(int state, StackFrame? stack) => _heights[state] + (stack?.Depth ?? 0) > GrammarLimits.MaxStackDepth;

    private StackFrame Push(StackFrame? parent, int returnState)
    {
        if (!_frames.TryGetValue((parent, returnState), out var frame))
        {
            frame = new StackFrame(returnState, parent, ++_lastFrameId);
            _frames.Add((parent, returnState), frame);
            _rememberedBytes += 100;
        }

        return frame;
    }

    private AutomatonState Intern(bool accepts)
    {
        if (_threads.Count == 0 && !accepts)
        {
            return _dead;
        }

        _threads.Sort();
        var key = new StateKey([.. _threads], accepts);
        if (!_states.TryGetValue(key, out var state))
        {
            state = new AutomatonState(key.Threads, accepts, NumClasses);
            _states.Add(key, state);
            _rememberedBytes += state.EstimatedBytes;
        }

        return state;
    }

    private void Forget()
    {
        _states.Clear();
        _frames.Clear();
        _rememberedBytes = 0;
        Volatile.Write(ref _start, FindStart());
    }

    private readonly struct StateKey(AutomatonThread[] threads, bool accepts) : IEquatable<StateKey>
    {
        public AutomatonThread[] Threads => threads;

        private bool Accepts => accepts;

        public bool Equals(StateKey other) => accepts == other.Accepts && threads.AsSpan().SequenceEqual(other.Threads);

        public override bool Equals(object? obj) => obj is StateKey other && Equals(other);

        public override int GetHashCode()
        {
            var hash = default(HashCode);
            hash.Add(accepts);
            foreach (var thread in threads)
            {
                hash.Add(thread.State);
                hash.Add(thread.Stack?.Id ?? 0);
            }

            return hash.ToHashCode();
        }
    }
}
