using System.Text.Json;

namespace InferenceServer.Server.Validation;

/// <summary>Tools that take a free text. Templates know functions only, so each becomes one with the argument <c>input</c>.</summary>
internal static class CustomToolFields
{
    /// <summary>What may be called.</summary>
    public static RequestedTool Read(JsonFields custom)
    {
        var name = custom.RequiredText("name") ?? "";
        custom.Text("description");
        return RequestedTool.Custom(name, ReadPattern(custom, "grammar", custom.Errors.Add), custom.PathOf("format"));
    }

    /// <summary>What the template is shown.</summary>
    public static JsonElement Show(JsonFields custom) => ShownTool.OfCustom(
        custom.Any("name") is { ValueKind: JsonValueKind.String } name ? name.GetString()! : "",
        custom.Any("description") is { ValueKind: JsonValueKind.String } description ? description.GetString() : null);

    /// <summary>The regular expression that the text of a tool has to match; null for any text.</summary>
    /// <param name="tool">The tool, which has the format.</param>
    /// <param name="holder">The field of the format that holds a grammar's own fields; null if the format holds them itself.</param>
    /// <param name="refuse">Given the error of a grammar in another syntax.</param>
    public static string? ReadPattern(JsonFields tool, string? holder, Action<RequestError> refuse)
    {
        if (tool.Object("format") is not { } value)
        {
            return null;
        }

        var format = new JsonFields(value, tool.PathOf("format"), tool.Errors);
        switch (format.RequiredText("type"))
        {
            case "grammar" when holder is null:
                return ReadGrammar(format, refuse);
            case "grammar":
                return format.RequiredObject(holder) is { } grammar ? ReadGrammar(new JsonFields(grammar, format.PathOf(holder), tool.Errors), refuse) : null;
            case null or "text":
                return null;
            case { } other:
                tool.Errors.Add(RequestError.BadValue(format.PathOf("type"), $"Invalid value: '{JsonFields.Short(other)}'. Supported values are: 'text' and 'grammar'."));
                return null;
        }
    }

    private static string? ReadGrammar(JsonFields grammar, Action<RequestError> refuse)
    {
        var definition = grammar.RequiredText("definition");
        switch (grammar.RequiredText("syntax"))
        {
            case "regex":
                return definition;
            case null:
                return null;
            case { } other:
                refuse(RequestError.UnsupportedValue(
                    grammar.PathOf("syntax"), $"Grammars in '{JsonFields.Short(other)}' are not supported. Supported syntaxes are: 'regex'."));
                return null;
        }
    }
}
