using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace InferenceServer.Inference.Grammar;

/// <summary>
/// A grammar put together from texts, markers and other sources: what a model writes around the JSON of a call, for example.
/// Immutable; could cross a process boundary.
/// </summary>
public abstract record GrammarPart
{
    /// <summary>Nothing.</summary>
    public static readonly GrammarPart Nothing = new Literal("");

    private GrammarPart()
    {
    }

    /// <summary>One after the other.</summary>
    public static GrammarPart Of(params ReadOnlySpan<GrammarPart> items) => new Sequence([.. items]);

    /// <summary>Any one of them.</summary>
    public static GrammarPart AnyOf(params ReadOnlySpan<GrammarPart> options) => options.Length == 1 ? options[0] : new Choice([.. options]);

    /// <summary>It, or nothing.</summary>
    public static GrammarPart Optional(GrammarPart item) => new Repeat(item, 0, 1);

    /// <summary>Writes what tells this part from all others.</summary>
    internal abstract void Describe(StringBuilder target);

    private static void Describe(StringBuilder target, char kind, string text) =>
        target.Append(CultureInfo.InvariantCulture, $"{kind}{text.Length}:{text}");

    private static void Describe(StringBuilder target, char kind, ImmutableArray<GrammarPart> items)
    {
        target.Append(kind).Append('(');
        foreach (var item in items)
        {
            item.Describe(target);
        }

        target.Append(')');
    }

    /// <summary>Exactly this text.</summary>
    public sealed record Literal(string Text) : GrammarPart
    {
        internal override void Describe(StringBuilder target) => Describe(target, 'T', Text);
    }

    /// <summary>A control token by its name, which no text can take the place of.</summary>
    public sealed record ControlToken(string Name) : GrammarPart
    {
        internal override void Describe(StringBuilder target) => Describe(target, 'K', Name);
    }

    /// <summary>Any text without control tokens in which none of these texts occurs.</summary>
    /// <param name="Excluded">None empty; none at all lets every text pass.</param>
    public sealed record FreeText(ImmutableArray<string> Excluded) : GrammarPart
    {
        internal override void Describe(StringBuilder target) => Describe(target, 'F', [.. Excluded.Select(text => new Literal(text))]);
    }

    /// <summary>A text of another source.</summary>
    /// <param name="Name">What warnings call it: the request's field.</param>
    /// <param name="Source">The source.</param>
    public sealed record Embedded(string Name, GrammarSource Source) : GrammarPart
    {
        internal override void Describe(StringBuilder target)
        {
            target.Append(CultureInfo.InvariantCulture, $"E{Source.Kind},{Source.IsStrict},{Source.ClosesObjects}");
            Describe(target, 'N', Name);
            Describe(target, 'P', Source.SchemaPath);
            Describe(target, 'S', Source.Text);
        }
    }

    /// <summary>One after the other.</summary>
    public sealed record Sequence(ImmutableArray<GrammarPart> Items) : GrammarPart
    {
        internal override void Describe(StringBuilder target) => Describe(target, 'A', Items);
    }

    /// <summary>Any one of them.</summary>
    public sealed record Choice(ImmutableArray<GrammarPart> Options) : GrammarPart
    {
        internal override void Describe(StringBuilder target) => Describe(target, 'C', Options);
    }

    /// <summary>Several times the same.</summary>
    /// <param name="Item">What is repeated.</param>
    /// <param name="Min">At least so often.</param>
    /// <param name="Max">At most so often; null for any number.</param>
    public sealed record Repeat(GrammarPart Item, int Min, int? Max) : GrammarPart
    {
        internal override void Describe(StringBuilder target)
        {
            target.Append(CultureInfo.InvariantCulture, $"R{Min},{Max}");
            Describe(target, '(', [Item]);
        }
    }
}
