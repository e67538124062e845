using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Responses;

/// <summary>
/// Reads <c>tools</c> and <c>tool_choice</c>. Agents offer the tools that run on OpenAI's servers to everybody and go on without;
/// these are left out. One that is asked for by the choice is refused.
/// </summary>
/// <param name="fields">The body.</param>
internal sealed class ResponseTools(JsonFields fields)
{
    // What a custom tool is to a template, which knows functions with arguments only.
    private static readonly JsonElement TextParameters = JsonElement.Parse(
        """{"type":"object","properties":{"input":{"type":"string"}},"required":["input"],"additionalProperties":false}"""u8);

    private readonly ImmutableArray<JsonElement>.Builder _shown = ImmutableArray.CreateBuilder<JsonElement>();
    private readonly HashSet<string> _skipped = new(StringComparer.Ordinal);

    /// <summary>Their names.</summary>
    public ToolNames Names { get; } = new();

    /// <summary>Kinds of tools that were left out.</summary>
    public ImmutableArray<string> Skipped => [.. _skipped];

    /// <summary>The tools to show to the template, in the form it is made for.</summary>
    public ImmutableArray<JsonElement> Read()
    {
        if (fields.Array("tools") is { } array)
        {
            ReadList(array, fields.PathOf("tools"), space: null);
        }

        return IsHidden() ? [] : _shown.ToImmutable();
    }

    private void ReadList(JsonElement array, string path, string? space)
    {
        var index = 0;
        foreach (var item in array.EnumerateArray())
        {
            var at = MessageFields.Item(path, index++);
            if (item.ValueKind != JsonValueKind.Object)
            {
                fields.Errors.Add(RequestError.WrongType(at, "an object", JsonFields.Describe(item.ValueKind)));
                continue;
            }

            ReadTool(new JsonFields(item, at, fields.Errors), space);
        }
    }

    private void ReadTool(JsonFields tool, string? space)
    {
        switch (ItemFields.Required(tool, "type"))
        {
            case null:
                break;
            case "function":
                var parameters = tool.Object("parameters");
                Show(tool, space, parameters, tool.Flag("strict"), isCustom: false);
                break;
            case "custom":
                tool.Object("format");
                Show(tool, space, TextParameters, strict: null, isCustom: true);
                break;
            case "namespace" when space is null:
                var name = ItemFields.Required(tool, "name");
                if (tool.Array("tools") is { } inner && name is not null)
                {
                    ReadList(inner, tool.PathOf("tools"), name);
                }

                break;
            case { } other:
                _skipped.Add(JsonFields.Short(other));
                break;
        }
    }

    private void Show(JsonFields tool, string? space, JsonElement? parameters, bool? strict, bool isCustom)
    {
        var description = tool.Text("description");
        if (ItemFields.Required(tool, "name") is { } name)
        {
            var function = new ShownFunction(Names.Add(space, name, isCustom), description, parameters, strict);
            _shown.Add(JsonSerializer.SerializeToElement(new ShownTool("function", function), ResponseToolsJson.Default.ShownTool));
        }
    }

    private bool IsHidden()
    {
        const string Name = "tool_choice";
        if (fields.Kind(Name, "a string or an object", JsonValueKind.String, JsonValueKind.Object) is not { } choice)
        {
            return false;
        }

        if (choice.ValueKind == JsonValueKind.Object)
        {
            ItemFields.Required(new JsonFields(choice, Name, fields.Errors), "type");
        }

        switch (choice.ValueKind == JsonValueKind.String ? choice.GetString() : null)
        {
            case "none":
                return true;
            case "auto":
                return false;
            case null or "required":
                fields.Errors.Add(RequestError.UnsupportedValue(fields.PathOf(Name), $"'{Name}' must be 'auto' or 'none': this server cannot force a call."));
                return false;
            case { } other:
                fields.Errors.Add(RequestError.BadValue(fields.PathOf(Name), $"Invalid value: '{JsonFields.Short(other)}'. Supported values are: 'none', 'auto' and 'required'."));
                return false;
        }
    }
}

/// <summary>A tool in the form that templates are made for.</summary>
internal sealed record ShownTool(string Type, ShownFunction Function);

/// <summary>The function that a tool is; what is null is left out.</summary>
internal sealed record ShownFunction(string Name, string? Description, JsonElement? Parameters, bool? Strict);

/// <summary>Generated code for <see cref="ShownTool"/>.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ShownTool))]
internal sealed partial class ResponseToolsJson : JsonSerializerContext;
