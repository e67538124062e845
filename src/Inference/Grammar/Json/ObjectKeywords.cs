namespace InferenceServer.Inference.Grammar.Json;

/// <summary>What one schema says of the members of an object; <c>additionalProperties</c> means those that this schema itself does not name.</summary>
internal sealed class ObjectKeywords
{
    /// <summary>Schemas by name, in the schema's order.</summary>
    public OrderedDictionary<string, SchemaNode> Properties { get; } = new(StringComparer.Ordinal);

    /// <summary>Schemas by pattern of the name.</summary>
    public List<(string Pattern, SchemaNode Schema)> Patterns { get; } = [];

    /// <summary>Schema of all others; null: nothing is said of them.</summary>
    public SchemaNode? Additional { get; set; }
}
