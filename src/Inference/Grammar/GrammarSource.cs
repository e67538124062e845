using System.Text;

namespace InferenceServer.Inference.Grammar;

/// <summary>A constraint on the output as the client wrote it. Immutable; equal sources compile to the same grammar.</summary>
public sealed record GrammarSource
{
    /// <summary>Any JSON object.</summary>
    public static readonly GrammarSource AnyJsonObject = new() { Kind = GrammarKind.JsonObject, Text = "" };

    /// <summary>The language of <see cref="Text"/>.</summary>
    public required GrammarKind Kind { get; init; }

    /// <summary>The schema as JSON text, the pattern, or the grammar; of a composition, what tells it from others.</summary>
    public required string Text { get; init; }

    /// <summary>Composition only: what it is put together of.</summary>
    public GrammarPart? Parts { get; init; }

    /// <summary>JSON Schema only: the schema's place in the text, as <c>#/properties/a</c>; empty for the whole.</summary>
    public string SchemaPath { get; init; } = "";

    /// <summary>
    /// JSON Schema only. True: a keyword that cannot be enforced is an error. False: it is left out and a warning says so.
    /// </summary>
    public bool IsStrict { get; init; }

    /// <summary>
    /// JSON Schema only. True: an object that declares properties and says nothing of others has no others. False: it may
    /// have any, as the specification says.
    /// </summary>
    public bool ClosesObjects { get; init; }

    /// <summary>A grammar put together of parts; of a single source, that source.</summary>
    public static GrammarSource Of(GrammarPart parts)
    {
        if (parts is GrammarPart.Embedded embedded)
        {
            return embedded.Source;
        }

        var text = new StringBuilder();
        parts.Describe(text);
        return new GrammarSource { Kind = GrammarKind.Composition, Text = text.ToString(), Parts = parts };
    }

    /// <summary>True if both compile to the same grammar.</summary>
    public bool Equals(GrammarSource? other) =>
        other is not null && Kind == other.Kind && IsStrict == other.IsStrict && ClosesObjects == other.ClosesObjects && SchemaPath == other.SchemaPath && Text == other.Text;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Kind, IsStrict, ClosesObjects, SchemaPath, Text);
}
