using System.Text.Json;
using InferenceServer.Inference.Grammar;

namespace InferenceServer.Server.Validation;

/// <summary>
/// What a request wants the answer's text to fit: OpenAI's <c>response_format</c>, and what llama.cpp's server and vLLM call it.
/// Whether it is a grammar is found out later; here only its form counts.
/// </summary>
internal static class ConstraintFields
{
    /// <summary>Reads them all; null if the text is free.</summary>
    public static GrammarPart.Embedded? Read(JsonFields fields)
    {
        GrammarPart.Embedded?[] all =
        [
            ReadFormat(fields),
            Gbnf(fields, "grammar"),
            Schema(fields, "json_schema"),
            Schema(fields, "guided_json"),
            Regex(fields, "guided_regex"),
            Choice(fields, "guided_choice"),
            Gbnf(fields, "guided_grammar"),
            ReadStructured(fields),
        ];
        if (fields.Flag("grammar_lazy") == true)
        {
            fields.Errors.Add(RequestError.UnsupportedValue(fields.PathOf("grammar_lazy"), "Lazy grammars are not supported: strict tools are constrained by themselves."));
        }

        return Only(fields, all);
    }

    private static GrammarPart.Embedded? Only(JsonFields fields, IEnumerable<GrammarPart.Embedded?> all)
    {
        var given = all.OfType<GrammarPart.Embedded>().ToArray();
        if (given.Length > 1)
        {
            fields.Errors.Add(RequestError.BadValue(given[1].Name, $"Invalid '{given[1].Name}': the answer is constrained by '{given[0].Name}' already."));
        }

        return given.FirstOrDefault();
    }

    private static GrammarPart.Embedded? ReadFormat(JsonFields fields)
    {
        const string Name = "response_format";
        if (fields.Object(Name) is not { } value)
        {
            return null;
        }

        var format = new JsonFields(value, fields.PathOf(Name), fields.Errors);
        switch (format.RequiredText("type"))
        {
            case null or "text":
                return null;
            case "json_object":
                // llama.cpp's server takes a schema here, too.
                return format.Object("schema") is { } schema ? OfSchema(fields.PathOf(Name), schema, isStrict: false) : AnyObject(fields.PathOf(Name));
            case "json_schema":
                return ReadJsonSchema(format, fields.PathOf(Name));
            case { } other:
                fields.Errors.Add(RequestError.BadValue(
                    format.PathOf("type"), $"Invalid value: '{JsonFields.Short(other)}'. Supported values are: 'text', 'json_object', and 'json_schema'."));
                return null;
        }
    }

    private static GrammarPart.Embedded? ReadJsonSchema(JsonFields format, string place)
    {
        const string Name = "json_schema";
        if (format.RequiredObject(Name) is not { } value)
        {
            return null;
        }

        var fields = new JsonFields(value, format.PathOf(Name), format.Errors);
        fields.Text("name");
        fields.Text("description");
        var isStrict = fields.Flag("strict") ?? false;
        return fields.Kind("schema", "an object", JsonValueKind.Object, JsonValueKind.True) is { } schema ? OfSchema(place, schema, isStrict) : AnyObject(place);
    }

    private static GrammarPart.Embedded? ReadStructured(JsonFields fields)
    {
        const string Name = "structured_outputs";
        if (fields.Object(Name) is not { } value)
        {
            return null;
        }

        var inner = new JsonFields(value, fields.PathOf(Name), fields.Errors);
        RefusedFields.Check(inner, "structural_tag");
        return Only(
            inner,
            [
                Schema(inner, "json"), Regex(inner, "regex"), Choice(inner, "choice"), Gbnf(inner, "grammar"),
                inner.Flag("json_object") == true ? AnyObject(inner.PathOf("json_object")) : null,
            ]);
    }

    // As an object, or as the text of one.
    private static GrammarPart.Embedded? Schema(JsonFields fields, string name)
    {
        if (fields.Kind(name, "an object or a string", JsonValueKind.Object, JsonValueKind.String) is not { } schema)
        {
            return null;
        }

        return schema.ValueKind == JsonValueKind.Object
            ? OfSchema(fields.PathOf(name), schema, isStrict: false)
            : new GrammarPart.Embedded(fields.PathOf(name), new GrammarSource { Kind = GrammarKind.JsonSchema, Text = schema.GetString()!, ClosesObjects = true });
    }

    private static GrammarPart.Embedded? Gbnf(JsonFields fields, string name) =>
        fields.Text(name) is { Length: > 0 } text ? new GrammarPart.Embedded(fields.PathOf(name), new GrammarSource { Kind = GrammarKind.Gbnf, Text = text }) : null;

    private static GrammarPart.Embedded? Regex(JsonFields fields, string name) =>
        fields.Text(name) is { } text ? new GrammarPart.Embedded(fields.PathOf(name), new GrammarSource { Kind = GrammarKind.Regex, Text = text }) : null;

    private static GrammarPart.Embedded? Choice(JsonFields fields, string name)
    {
        if (fields.Array(name) is not { } array)
        {
            return null;
        }

        var options = new List<GrammarPart>();
        foreach (var item in array.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.String)
            {
                fields.Errors.Add(RequestError.WrongType(JsonFields.Item(fields.PathOf(name), options.Count), "a string", JsonFields.Describe(item.ValueKind)));
            }

            options.Add(new GrammarPart.Literal(item.ValueKind == JsonValueKind.String ? item.GetString()! : ""));
        }

        if (options.Count == 0)
        {
            fields.Errors.Add(RequestError.BadValue(fields.PathOf(name), $"Invalid '{fields.PathOf(name)}': empty array. Expected at least one text.", "empty_array"));
            return null;
        }

        return new GrammarPart.Embedded(fields.PathOf(name), GrammarSource.Of(GrammarPart.AnyOf([.. options])));
    }

    /// <summary>A JSON Schema.</summary>
    /// <param name="place">Of the schema in the request.</param>
    /// <param name="schema">An object; <c>true</c> for anything.</param>
    /// <param name="isStrict">True: what cannot be enforced is an error.</param>
    internal static GrammarPart.Embedded OfSchema(string place, JsonElement schema, bool isStrict) =>
        new(place, new GrammarSource { Kind = GrammarKind.JsonSchema, Text = schema.GetRawText(), IsStrict = isStrict, ClosesObjects = true });

    /// <summary>Any JSON object.</summary>
    internal static GrammarPart.Embedded AnyObject(string place) => new(place, GrammarSource.AnyJsonObject);
}
