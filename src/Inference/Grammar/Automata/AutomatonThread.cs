namespace InferenceServer.Inference.Grammar.Automata;

/// <summary>One reading of the text so far: a state, and what is open around it.</summary>
/// <param name="State">A state from which a byte edge leaves.</param>
/// <param name="Stack">Null: the root rule itself.</param>
internal readonly record struct AutomatonThread(int State, StackFrame? Stack) : IComparable<AutomatonThread>
{
    /// <summary>An arbitrary but fixed order.</summary>
    public int CompareTo(AutomatonThread other)
    {
        var byState = State.CompareTo(other.State);
        return byState != 0 ? byState : (Stack?.Id ?? 0).CompareTo(other.Stack?.Id ?? 0);
    }
}
