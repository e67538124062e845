using System.Text.Json;
using System.Text.Json.Serialization;

namespace InferenceServer.Server.Anthropic;

/// <summary>A tool in OpenAI's form, which templates are made for.</summary>
internal sealed record FunctionTool
{
    public string Type { get; init; } = "function";

    public required ToolFunction Function { get; init; }
}

/// <summary>The function that a tool is.</summary>
internal sealed record ToolFunction
{
    public required string Name { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Description { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public JsonElement? Parameters { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Strict { get; init; }
}
