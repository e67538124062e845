using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using InferenceServer.Inference.Grammar;

namespace InferenceServer.Inference.Chat.Output;

/// <summary>
/// Writes <see cref="TaggedCalls"/> as a grammar. Their values stand there without quotes, so a tool can only be written in it
/// whose arguments are each either a plain text or no text at all.
/// </summary>
internal static class TaggedNotation
{
    // What would have to hold for a text between tags, and what is no plain list of arguments.
    private static readonly ImmutableArray<string> TextKeywords = ["pattern", "format", "minLength", "maxLength"];
    private static readonly ImmutableArray<string> ObjectKeywords = ["$ref", "allOf", "anyOf", "oneOf", "patternProperties", "minProperties", "maxProperties", "not", "if", "dependentRequired", "enum", "const"];

    /// <summary>One or more calls; null if a tool's arguments cannot be written this way.</summary>
    public static GrammarPart? Write(TaggedCalls syntax, ImmutableArray<CallableTool> tools, CallNotation notation)
    {
        var calls = new List<GrammarPart>(tools.Length);
        foreach (var tool in tools)
        {
            if (Arguments(syntax, tool, notation) is not { } arguments)
            {
                return null;
            }

            calls.Add(GrammarPart.Of(CallNotation.Text(tool.Name), notation.Marker(syntax.NameEnd), CallNotation.Text(syntax.LineBreak), arguments));
        }

        var isWrapped = syntax.SectionOpen is not null;
        var call = GrammarPart.Of(notation.Marker(syntax.Open), GrammarPart.AnyOf([.. calls]), notation.Marker(syntax.Close));
        if (!isWrapped)
        {
            return notation.Several(call, CallNotation.Text(syntax.LineBreak));
        }

        var (open, close) = (GrammarPart.Of(notation.Marker(syntax.SectionOpen), CallNotation.Text("\n")), GrammarPart.Of(CallNotation.Text("\n"), notation.Marker(syntax.SectionClose)));
        return syntax.IsSectionEach
            ? notation.Several(GrammarPart.Of(open, call, close), CallNotation.Text("\n"))
            : GrammarPart.Of(open, notation.Several(call, CallNotation.Text("\n")), close);
    }

    private static GrammarPart? Arguments(TaggedCalls syntax, CallableTool tool, CallNotation notation)
    {
        var source = tool.Arguments.Source;
        if (source.Kind != GrammarKind.JsonSchema)
        {
            return null;
        }

        using var document = JsonDocument.Parse(source.Text);
        var root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object || ObjectKeywords.Any(word => root.TryGetProperty(word, out _)))
        {
            return null;
        }

        var required = root.TryGetProperty("required", out var names) && names.ValueKind == JsonValueKind.Array
            ? names.EnumerateArray().Where(name => name.ValueKind == JsonValueKind.String).Select(name => name.GetString()!).ToHashSet(StringComparer.Ordinal)
            : [];
        var arguments = new List<GrammarPart>();
        if (root.TryGetProperty("properties", out var properties) && properties.ValueKind == JsonValueKind.Object)
        {
            foreach (var property in properties.EnumerateObject())
            {
                if (Argument(syntax, tool, property, notation) is not { } argument)
                {
                    return null;
                }

                arguments.Add(required.Remove(property.Name) ? argument : GrammarPart.Optional(argument));
            }
        }

        // A name that is required and not declared has no tag to stand in.
        return required.Count == 0 ? GrammarPart.Of([.. arguments]) : null;
    }

    private static GrammarPart? Argument(TaggedCalls syntax, CallableTool tool, JsonProperty property, CallNotation notation)
    {
        var types = new ToolSet([ToolOf(tool)]).TypesOf(tool.Name, property.Name);
        var isText = types == ArgumentTypes.Text;
        if (!isText && (types == ArgumentTypes.None || (types & ArgumentTypes.Text) != 0))
        {
            return null;
        }

        var value = isText ? Texts(syntax, property.Value, notation)
            : new GrammarPart.Embedded(tool.Arguments.Name, tool.Arguments.Source with { SchemaPath = $"#/properties/{Escape(property.Name)}" });
        if (value is null || property.Name.Contains('\n', StringComparison.Ordinal))
        {
            return null;
        }

        var line = syntax.IsOnOwnLines ? "\n" : "";
        return GrammarPart.Of(
            notation.Marker(syntax.KeyOpen), CallNotation.Text(property.Name), notation.Marker(isText ? syntax.TextKeyEnd ?? syntax.KeyEnd : syntax.KeyEnd),
            syntax.ValueOpen is null ? GrammarPart.Nothing : GrammarPart.Of(CallNotation.Text(syntax.LineBreak), notation.Marker(syntax.ValueOpen)),
            CallNotation.Text(line), value, CallNotation.Text(line), notation.Marker(syntax.ValueClose), CallNotation.Text(syntax.LineBreak));
    }

    // Null: the text has to fulfil more than can be said here.
    private static GrammarPart? Texts(TaggedCalls syntax, JsonElement schema, CallNotation notation)
    {
        if (schema.ValueKind != JsonValueKind.Object || TextKeywords.Any(word => schema.TryGetProperty(word, out _)) || schema.TryGetProperty("$ref", out _) || schema.TryGetProperty("anyOf", out _))
        {
            return null;
        }

        var values = schema.TryGetProperty("const", out var only) ? [only]
            : schema.TryGetProperty("enum", out var list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray().ToArray()
            : null;
        if (values is null)
        {
            return new GrammarPart.FreeText(notation.IsControl(syntax.ValueClose) ? [] : [syntax.ValueClose]);
        }

        var texts = values.Where(value => value.ValueKind == JsonValueKind.String).Select(value => value.GetString()!).ToArray();
        return texts.Length == values.Length && texts.Length > 0 && !texts.Any(text => text.Contains(syntax.ValueClose, StringComparison.Ordinal) || text.Contains('\n', StringComparison.Ordinal))
            ? GrammarPart.AnyOf([.. texts.Select(CallNotation.Text)])
            : null;
    }

    private static JsonElement ToolOf(CallableTool tool)
    {
        var text = new StringBuilder("{\"name\":");
        ArgumentText.AppendString(text, tool.Name);
        return JsonElement.Parse(text.Append(",\"parameters\":").Append(tool.Arguments.Source.Text).Append('}').ToString());
    }

    private static string Escape(string name) => name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);
}
