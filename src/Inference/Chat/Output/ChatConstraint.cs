using System.Collections.Immutable;
using InferenceServer.Inference.Grammar;

namespace InferenceServer.Inference.Chat.Output;

/// <summary>What an answer has to be, apart from the thought before it. Immutable.</summary>
public sealed record ChatConstraint
{
    /// <summary>Tools that may be called; none: calls are not looked for.</summary>
    public ImmutableArray<CallableTool> Tools { get; init; } = [];

    /// <summary>True: the answer is calls and nothing else.</summary>
    public bool MustCall { get; init; }

    /// <summary>True: one call at most.</summary>
    public bool IsSingleCall { get; init; }

    /// <summary>What a text has to fit; null for any text.</summary>
    public GrammarPart.Embedded? Content { get; init; }
}

/// <summary>A tool and the arguments that it takes.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Arguments">A schema of objects, called by its place in the request.</param>
public sealed record CallableTool(string Name, GrammarPart.Embedded Arguments);
