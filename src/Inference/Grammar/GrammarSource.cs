namespace InferenceServer.Inference.Grammar;

/// <summary>A constraint on the output as the client wrote it. Immutable; equal sources compile to the same grammar.</summary>
public sealed record GrammarSource
{
    /// <summary>Any JSON object.</summary>
    public static readonly GrammarSource AnyJsonObject = new() { Kind = GrammarKind.JsonObject, Text = "" };

    /// <summary>The language of <see cref="Text"/>.</summary>
    public required GrammarKind Kind { get; init; }

    /// <summary>The schema as JSON text, the pattern, or the grammar.</summary>
    public required string Text { get; init; }

    /// <summary>
    /// JSON Schema only. True: a keyword that cannot be enforced is an error. False: it is left out and a warning says so.
    /// </summary>
    public bool IsStrict { get; init; }

    /// <summary>
    /// JSON Schema only. True: an object that declares properties and says nothing of others has no others. False: it may
    /// have any, as the specification says.
    /// </summary>
    public bool ClosesObjects { get; init; }
}
