namespace InferenceServer.Inference.Grammar.Automata;

/// <summary>
/// All readings of the text so far, and for every byte that was tried the state after it. Made by an
/// <see cref="Automaton"/>. Seen from outside immutable; any thread.
/// </summary>
internal sealed class AutomatonState
{
    // By class of byte; null: not tried yet. Filled in under the automaton's lock, read without it.
    private readonly AutomatonState?[] _next;

    public AutomatonState(AutomatonThread[] threads, bool accepts, int numClasses)
    {
        Threads = threads;
        Accepts = accepts;
        _next = threads.Length == 0 ? [] : new AutomatonState?[numClasses];
    }

    /// <summary>The readings, in their order.</summary>
    public AutomatonThread[] Threads { get; }

    /// <summary>True: the text may end here.</summary>
    public bool Accepts { get; }

    /// <summary>True: no byte can follow.</summary>
    public bool IsLast => Threads.Length == 0;

    /// <summary>True: the text does not fit, whatever follows.</summary>
    public bool IsDead => Threads.Length == 0 && !Accepts;

    /// <summary>Memory that it takes, estimated.</summary>
    public int EstimatedBytes => 80 + (16 * Threads.Length) + (8 * _next.Length);

    /// <summary>The state after a byte of a class; null: not tried yet.</summary>
    public AutomatonState? Peek(int byteClass) => Volatile.Read(ref _next[byteClass]);

    /// <summary>Remembers the state after a byte of a class.</summary>
    public void Remember(int byteClass, AutomatonState next) => Volatile.Write(ref _next[byteClass], next);
}
