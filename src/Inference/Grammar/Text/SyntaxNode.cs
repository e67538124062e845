using System.Collections.Immutable;

namespace InferenceServer.Inference.Grammar.Text;

/// <summary>What a regular expression or the right side of a rule is made of. Immutable.</summary>
internal abstract record SyntaxNode
{
    /// <summary>The empty text.</summary>
    public static readonly SyntaxNode Nothing = new Sequence([]);

    /// <summary>One character of a set.</summary>
    public sealed record Characters(CodePointSet Set) : SyntaxNode;

    /// <summary>One after the other.</summary>
    public sealed record Sequence(ImmutableArray<SyntaxNode> Items) : SyntaxNode;

    /// <summary>Any one of them.</summary>
    public sealed record Choice(ImmutableArray<SyntaxNode> Options) : SyntaxNode;

    /// <summary>Several times the same.</summary>
    /// <param name="Item">What is repeated.</param>
    /// <param name="Min">At least so often.</param>
    /// <param name="Max">At most so often; null for any number.</param>
    public sealed record Repeat(SyntaxNode Item, int Min, int? Max) : SyntaxNode;

    /// <summary>A rule of the same grammar; not in regular expressions.</summary>
    /// <param name="Name">Its name.</param>
    /// <param name="Offset">Where it is referred to.</param>
    public sealed record Reference(string Name, int Offset) : SyntaxNode;

    /// <summary>The beginning or the end of the text; only in regular expressions.</summary>
    public sealed record Anchor(bool IsEnd) : SyntaxNode;
}
