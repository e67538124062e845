using System.Text.Json;
using System.Text.Json.Serialization;

namespace InferenceServer.Server.Validation;

/// <summary>Generated code for the few values that validation itself has to write for the template.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(OldFunction))]
internal sealed partial class TemplateJson : JsonSerializerContext;

/// <summary>A function of the old <c>functions</c> list in the form of a tool.</summary>
internal sealed record OldFunction(string Type, JsonElement Function);
