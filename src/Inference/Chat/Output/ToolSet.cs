using System.Collections.Immutable;
using System.Text.Json;

namespace InferenceServer.Inference.Chat.Output;

/// <summary>The tools of a request, as far as their calls need them. Immutable; any thread.</summary>
internal sealed class ToolSet
{
    // References that point at each other end here.
    private const int MaxDepth = 16;

    private static readonly ImmutableArray<string> Combinations = ["anyOf", "oneOf", "allOf"];

    private readonly Dictionary<string, JsonElement?> _schemas = new(StringComparer.Ordinal);

    /// <param name="tools">OpenAI tool objects; the bare function objects of older clients too. What has no name is left out.</param>
    public ToolSet(ImmutableArray<JsonElement> tools)
    {
        foreach (var tool in tools)
        {
            var function = Member(tool, "function") ?? tool;
            if (Member(function, "name") is { ValueKind: JsonValueKind.String } name)
            {
                _schemas[name.GetString()!] = Member(function, "parameters");
            }
        }
    }

    public bool IsEmpty => _schemas.Count == 0;

    public bool Knows(string name) => _schemas.ContainsKey(name);

    /// <summary>What types a tool's argument may have.</summary>
    /// <returns><see cref="ArgumentTypes.None"/> if the tool, the argument or its type is not known.</returns>
    public ArgumentTypes TypesOf(string tool, string argument)
    {
        if (_schemas.GetValueOrDefault(tool) is not { } root)
        {
            return ArgumentTypes.None;
        }

        return Argument(root, root, argument, 0) is { } schema ? Types(schema, root, 0) : ArgumentTypes.None;
    }

    private static JsonElement? Argument(JsonElement schema, JsonElement root, string argument, int depth)
    {
        if (depth == MaxDepth)
        {
            return null;
        }

        if (Member(schema, "properties") is { } properties && Member(properties, argument) is { } found)
        {
            return found;
        }

        if (Reference(schema, root) is { } target && Argument(target, root, argument, depth + 1) is { } referenced)
        {
            return referenced;
        }

        foreach (var choice in Choices(schema))
        {
            if (Argument(choice, root, argument, depth + 1) is { } chosen)
            {
                return chosen;
            }
        }

        return null;
    }

    private static ArgumentTypes Types(JsonElement schema, JsonElement root, int depth)
    {
        if (depth == MaxDepth || schema.ValueKind != JsonValueKind.Object)
        {
            return ArgumentTypes.None;
        }

        if (Reference(schema, root) is { } target)
        {
            return Types(target, root, depth + 1);
        }

        var types = Member(schema, "type") switch
        {
            { ValueKind: JsonValueKind.String } type => Named(type),
            { ValueKind: JsonValueKind.Array } list => list.EnumerateArray().Aggregate(ArgumentTypes.None, (all, type) => all | Named(type)),
            _ => ArgumentTypes.None,
        };
        if (Member(schema, "nullable") is { ValueKind: JsonValueKind.True })
        {
            types |= ArgumentTypes.Null;
        }

        if (types != ArgumentTypes.None)
        {
            return types;
        }

        if (Member(schema, "const") is { } value)
        {
            return Of(value);
        }

        if (Member(schema, "enum") is { ValueKind: JsonValueKind.Array } values)
        {
            return values.EnumerateArray().Aggregate(ArgumentTypes.None, (all, item) => all | Of(item));
        }

        return Choices(schema).Aggregate(ArgumentTypes.None, (all, choice) => all | Types(choice, root, depth + 1));
    }

    private static IEnumerable<JsonElement> Choices(JsonElement schema) =>
        Combinations
            .Select(word => Member(schema, word))
            .Where(list => list is { ValueKind: JsonValueKind.Array })
            .SelectMany(list => list!.Value.EnumerateArray());

    // Only references into the same schema can be followed.
    private static JsonElement? Reference(JsonElement schema, JsonElement root)
    {
        if (Member(schema, "$ref") is not { ValueKind: JsonValueKind.String } reference || reference.GetString() is not ['#', .. var path])
        {
            return null;
        }

        JsonElement? target = root;
        foreach (var part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            target = target is { } parent ? Member(parent, part.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal)) : null;
        }

        return target;
    }

    private static ArgumentTypes Named(JsonElement type) => (type.ValueKind == JsonValueKind.String ? type.GetString() : null) switch
    {
        "string" => ArgumentTypes.Text,
        "integer" or "number" => ArgumentTypes.Number,
        "boolean" => ArgumentTypes.Boolean,
        "null" => ArgumentTypes.Null,
        "object" => ArgumentTypes.Object,
        "array" => ArgumentTypes.Array,
        _ => ArgumentTypes.None,
    };

    private static ArgumentTypes Of(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => ArgumentTypes.Text,
        JsonValueKind.Number => ArgumentTypes.Number,
        JsonValueKind.True or JsonValueKind.False => ArgumentTypes.Boolean,
        JsonValueKind.Null => ArgumentTypes.Null,
        JsonValueKind.Object => ArgumentTypes.Object,
        JsonValueKind.Array => ArgumentTypes.Array,
        _ => ArgumentTypes.None,
    };

    private static JsonElement? Member(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : null;
}

/// <summary>JSON types that an argument may have.</summary>
[Flags]
internal enum ArgumentTypes
{
    /// <summary>Not known.</summary>
    None = 0,

    /// <summary>A string.</summary>
    Text = 1,

    /// <summary>A number, whole or not.</summary>
    Number = 2,

    /// <summary>True or false.</summary>
    Boolean = 4,

    /// <summary>Null.</summary>
    Null = 8,

    /// <summary>An object.</summary>
    Object = 16,

    /// <summary>An array.</summary>
    Array = 32,
}
