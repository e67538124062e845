using System.Text.Json;

namespace InferenceServer.Server.Validation;

/// <summary>A tool in OpenAI's form, which templates are made for.</summary>
internal sealed record ShownTool(string Type, ShownFunction Function)
{
    // Templates know functions with arguments only.
    private static readonly JsonElement TextParameters = JsonElement.Parse(
        """{"type":"object","properties":{"input":{"type":"string"}},"required":["input"],"additionalProperties":false}"""u8);

    /// <summary>A function; what is null is left out.</summary>
    public static JsonElement OfFunction(string name, string? description, JsonElement? parameters, bool? strict) =>
        JsonSerializer.SerializeToElement(new ShownTool("function", new ShownFunction(name, description, parameters, strict)), TemplateJson.Default.ShownTool);

    /// <summary>A tool that takes a free text: a function whose one argument is <c>input</c>.</summary>
    public static JsonElement OfCustom(string name, string? description) => OfFunction(name, description, TextParameters, strict: null);
}

/// <summary>The function that a tool is.</summary>
internal sealed record ShownFunction(string Name, string? Description, JsonElement? Parameters, bool? Strict);
