using System.Text.Json;
using System.Text.Json.Serialization;

namespace InferenceServer.Server.Validation;

/// <summary>Generated code for the few values that validation itself has to write for the template.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(DeclaredTool))]
[JsonSerializable(typeof(CustomFunction))]
internal sealed partial class TemplateJson : JsonSerializerContext;

/// <summary>A tool as templates know it.</summary>
internal sealed record DeclaredTool(string Type, JsonElement Function);

/// <summary>A custom tool as a function.</summary>
internal sealed record CustomFunction(string Name, string Description, CustomParameters Parameters);

/// <summary>Its schema.</summary>
internal sealed record CustomParameters(string Type, CustomProperties Properties, string[] Required);

/// <summary>Its one argument.</summary>
internal sealed record CustomProperties(CustomProperty Input);

/// <summary>The type of the argument.</summary>
internal sealed record CustomProperty(string Type);
