namespace InferenceServer.Inference.Grammar.Automata;

/// <summary>What an edge of an automaton takes.</summary>
internal enum EdgeKind : byte
{
    /// <summary>One byte of a range.</summary>
    Bytes,

    /// <summary>Nothing.</summary>
    Nothing,

    /// <summary>One whole text of a rule.</summary>
    Call,
}
