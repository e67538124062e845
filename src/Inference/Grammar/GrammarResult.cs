using System.Collections.Immutable;
using InferenceServer.Inference.Grammar.Automata;

namespace InferenceServer.Inference.Grammar;

/// <summary>What compiling a source came to: either an automaton or an error. Immutable; any thread.</summary>
internal sealed class GrammarResult
{
    /// <summary>The grammar; null if there is an error.</summary>
    public Automaton? Automaton { get; init; }

    /// <summary>Why there is no grammar; null if there is one.</summary>
    public GrammarError? Error { get; init; }

    /// <summary>What a source that is not strict asked for and does not get, each with its place. Never filled under strict.</summary>
    public ImmutableArray<string> Warnings { get; init; } = [];
}
