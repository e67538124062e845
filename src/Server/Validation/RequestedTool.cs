using System.Text.Json;
using InferenceServer.Inference.Grammar;

namespace InferenceServer.Server.Validation;

/// <summary>A tool that an answer may call.</summary>
/// <param name="Name">Not empty.</param>
/// <param name="Arguments">The schema of its arguments, called by its place in the request.</param>
internal sealed record RequestedTool(string Name, GrammarPart.Embedded Arguments)
{
    private const string NoArguments = """{"type":"object","properties":{},"additionalProperties":false}""";

    /// <summary>True: the arguments must fit the schema, whatever the choice of tools is.</summary>
    public bool IsStrict => Arguments.Source.IsStrict;

    /// <summary>True: a tool that takes a free text, which is its one argument <c>input</c>.</summary>
    public bool IsCustom { get; init; }

    /// <summary>A function.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="parameters">Its schema; null if it takes no arguments.</param>
    /// <param name="isStrict">True: a schema that cannot be enforced is an error.</param>
    /// <param name="place">Of the schema in the request.</param>
    public static RequestedTool Function(string name, JsonElement? parameters, bool isStrict, string place)
    {
        // A schema that says nothing lets every object pass, but never anything else.
        var source = parameters is { } schema && schema.ValueKind == JsonValueKind.Object && schema.GetPropertyCount() == 0
            ? GrammarSource.AnyJsonObject
            : new GrammarSource { Kind = GrammarKind.JsonSchema, Text = parameters?.GetRawText() ?? NoArguments, IsStrict = isStrict, ClosesObjects = true };
        return new RequestedTool(name, new GrammarPart.Embedded(place, source));
    }

    /// <summary>A tool that takes a text.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="pattern">A regular expression that the text matches; null for any text.</param>
    /// <param name="place">Of the format in the request.</param>
    public static RequestedTool Custom(string name, string? pattern, string place)
    {
        var rule = pattern is null ? "" : $",\"pattern\":{JsonSerializer.Serialize($"^(?:{pattern})$", TemplateJson.Default.String)}";
        var text = $$$"""{"type":"object","properties":{"input":{"type":"string"{{{rule}}}}},"required":["input"],"additionalProperties":false}""";
        return new RequestedTool(name, new GrammarPart.Embedded(place, new GrammarSource { Kind = GrammarKind.JsonSchema, Text = text, IsStrict = pattern is not null, ClosesObjects = true }))
        {
            IsCustom = true,
        };
    }
}
