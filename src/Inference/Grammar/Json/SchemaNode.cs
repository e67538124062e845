using System.Text.Json;

namespace InferenceServer.Inference.Grammar.Json;

/// <summary>A schema inside a document.</summary>
/// <param name="Element">An object or a boolean, if the document is right.</param>
/// <param name="Path">Its JSON pointer, from <c>#</c>.</param>
internal readonly record struct SchemaNode(JsonElement Element, string Path)
{
    /// <summary>A schema below this one.</summary>
    public SchemaNode At(string keyword, JsonElement element) => new(element, $"{Path}/{keyword}");

    /// <summary>A schema below this one.</summary>
    public SchemaNode At(string keyword, string name, JsonElement element) =>
        new(element, $"{Path}/{keyword}/{name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)}");

    /// <summary>A schema below this one.</summary>
    public SchemaNode At(string keyword, int index, JsonElement element) => new(element, $"{Path}/{keyword}/{index}");
}
