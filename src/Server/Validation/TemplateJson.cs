using System.Text.Json;
using System.Text.Json.Serialization;

namespace InferenceServer.Server.Validation;

/// <summary>Generated code for the few values that validation itself has to write for the template.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(DeclaredTool))]
[JsonSerializable(typeof(ShownTool))]
internal sealed partial class TemplateJson : JsonSerializerContext;

/// <summary>A tool with its function as the client declared it.</summary>
internal sealed record DeclaredTool(string Type, JsonElement Function);
