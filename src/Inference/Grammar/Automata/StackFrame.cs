namespace InferenceServer.Inference.Grammar.Automata;

/// <summary>
/// Where an open rule returns to, on top of those it was opened in. Shared between readings; one automaton makes each
/// only once until it forgets, so equal stacks are nearly always the same object. Immutable.
/// </summary>
/// <param name="returnState">State to go on from when the rule on top has ended.</param>
/// <param name="parent">What lies below; null for the bottom.</param>
/// <param name="id">Order of creation.</param>
internal sealed class StackFrame(int returnState, StackFrame? parent, long id)
{
    /// <summary>State to go on from when the rule on top has ended.</summary>
    public int ReturnState => returnState;

    /// <summary>What lies below; null for the bottom.</summary>
    public StackFrame? Parent => parent;

    /// <summary>Order of creation, from 1.</summary>
    public long Id => id;

    /// <summary>Frames, this one included.</summary>
    public int Depth { get; } = (parent?.Depth ?? 0) + 1;
}
