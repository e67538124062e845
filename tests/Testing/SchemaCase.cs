using System.Text.Json;

namespace InferenceServer.Testing;

/// <summary>A JSON Schema with values that fit it, their members in its order, and values that do not.</summary>
/// <param name="Name">What it is about.</param>
/// <param name="Schema">The schema.</param>
/// <param name="Valid">Values that fit.</param>
/// <param name="Invalid">Values that do not.</param>
internal sealed record SchemaCase(string Name, JsonElement Schema, JsonElement[] Valid, JsonElement[] Invalid)
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web);

    /// <summary>The cases of <c>Data/schemas/cases.json</c>, by name.</summary>
    public static IReadOnlyDictionary<string, SchemaCase> All { get; } =
        JsonSerializer.Deserialize<SchemaCase[]>(File.ReadAllBytes(RepositoryFiles.Data("schemas", "cases.json")), Options)!.ToDictionary(item => item.Name);
}
