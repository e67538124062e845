using System.Collections.Immutable;

namespace InferenceServer.Inference.Grammar.Json;

/// <summary>Schemas that one value has to fulfil together, and which of their alternatives are chosen. Immutable.</summary>
/// <param name="Nodes">The schemas; none: any value.</param>
/// <param name="Choices">Index of the alternative by the path of an <c>anyOf</c> or <c>oneOf</c>; those not named are open.</param>
/// <param name="IgnoresValues">True: <c>enum</c> and <c>const</c> do not count.</param>
internal sealed record SchemaSet(ImmutableArray<SchemaNode> Nodes, ImmutableSortedDictionary<string, int> Choices, bool IgnoresValues = false)
{
    private static readonly ImmutableSortedDictionary<string, int> NoChoices = ImmutableSortedDictionary.Create<string, int>(StringComparer.Ordinal);

    /// <summary>Equal for sets of the same schemas and choices.</summary>
    public string Key => string.Join('\n', Nodes.Select(node => node.Path).Distinct().Order(StringComparer.Ordinal))
        + '\r' + string.Join('\n', Choices.Select(choice => $"{choice.Key}={choice.Value}")) + (IgnoresValues ? "\rv" : "");

    /// <summary>Where errors point to.</summary>
    public string Place => Nodes.IsEmpty ? "#" : Nodes[0].Path;

    /// <summary>A set without choices.</summary>
    public static SchemaSet Of(params ReadOnlySpan<SchemaNode> nodes) => new([.. nodes], NoChoices);

    /// <summary>The same set with one alternative chosen.</summary>
    public SchemaSet Choose(string path, int index) => this with { Choices = Choices.SetItem(path, index) };
}
