using InferenceServer.Inference.Grammar.Automata;

namespace InferenceServer.Inference.Grammar.Tokens;

/// <summary>
/// Masks by state, the least recently used forgotten first; one for all grammars over a vocabulary, so its memory is
/// bounded whatever clients send. Any thread: a lock guards the order of use, masks are built outside of it (two threads
/// may build the same one; both are right).
/// </summary>
internal sealed class MaskMemo
{
    /// <summary>Masks of 151,936 tokens take 19 KB each, so this is some 3,500 of them.</summary>
    private const long MaxBytes = 64L << 20;

    private readonly TokenTrie _trie;
    private readonly int _capacity;
    private readonly Lock _lock = new();
    private readonly Dictionary<AutomatonState, LinkedListNode<(AutomatonState State, TokenMask Mask)>> _nodes = [];
    private readonly LinkedList<(AutomatonState State, TokenMask Mask)> _byUse = new();
    private long _numBuilt;

    /// <param name="trie">The vocabulary.</param>
    /// <param name="capacity">Masks at most; 0: as many as fit into 64 MB.</param>
    public MaskMemo(TokenTrie trie, int capacity = 0)
    {
        _trie = trie;
        _capacity = capacity > 0 ? capacity : (int)Math.Max(16, MaxBytes / (((trie.NumTokens + 63) / 64 * 8) + 100));
    }

    /// <summary>Masks that had to be built.</summary>
    public long NumBuilt => Volatile.Read(ref _numBuilt);

    /// <summary>Masks held.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _nodes.Count;
            }
        }
    }

    /// <summary>The mask of a state.</summary>
    public TokenMask Get(Automaton automaton, AutomatonState state)
    {
        lock (_lock)
        {
            if (_nodes.TryGetValue(state, out var known))
            {
                _byUse.Remove(known);
                _byUse.AddFirst(known);
                return known.Value.Mask;
            }
        }

        var mask = MaskBuilder.Build(_trie, automaton, state);
        Interlocked.Increment(ref _numBuilt);
        lock (_lock)
        {
            if (_nodes.TryGetValue(state, out var known))
            {
                return known.Value.Mask;
            }

            _nodes.Add(state, _byUse.AddFirst((state, mask)));
            if (_nodes.Count > _capacity)
            {
                _nodes.Remove(_byUse.Last!.Value.State);
                _byUse.RemoveLast();
            }
        }

        return mask;
    }
}
