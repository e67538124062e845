namespace InferenceServer.Inference.Grammar.Json;

/// <summary>What one schema says of the items of an array.</summary>
internal sealed class ArrayKeywords
{
    /// <summary>Schemas of the first items, one each.</summary>
    public List<SchemaNode> Prefix { get; } = [];

    /// <summary>Schema of all items after those; null: nothing is said of them.</summary>
    public SchemaNode? Items { get; set; }
}
