using System.Text.Json;

namespace InferenceServer.Server.Validation;

/// <summary>Tools that take a free text. Templates know functions only, so each becomes one with the argument <c>input</c>.</summary>
internal static class CustomToolFields
{
    /// <summary>What may be called.</summary>
    public static RequestedTool Read(JsonFields custom)
    {
        var name = ToolFields.RequiredName(custom);
        custom.Text("description");
        return RequestedTool.Custom(name, ReadPattern(custom), custom.PathOf("format"));
    }

    /// <summary>What the template is shown.</summary>
    public static JsonElement Show(JsonFields custom)
    {
        var function = new CustomFunction(
            custom.Any("name") is { ValueKind: JsonValueKind.String } name ? name.GetString()! : "",
            custom.Any("description") is { ValueKind: JsonValueKind.String } description ? description.GetString()! : "",
            new CustomParameters("object", new CustomProperties(new CustomProperty("string")), ["input"]));
        return JsonSerializer.SerializeToElement(
            new DeclaredTool("function", JsonSerializer.SerializeToElement(function, TemplateJson.Default.CustomFunction)), TemplateJson.Default.DeclaredTool);
    }

    private static string? ReadPattern(JsonFields custom)
    {
        if (custom.Object("format") is not { } value)
        {
            return null;
        }

        var format = new JsonFields(value, custom.PathOf("format"), custom.Errors);
        if (format.Text("type") != "grammar")
        {
            return null;
        }

        if (format.Object("grammar") is not { } grammar)
        {
            return null;
        }

        var fields = new JsonFields(grammar, format.PathOf("grammar"), custom.Errors);
        if (fields.Text("syntax") is { } syntax && syntax != "regex")
        {
            custom.Errors.Add(RequestError.UnsupportedValue(fields.PathOf("syntax"), $"Grammars in '{JsonFields.Short(syntax)}' are not supported. Supported syntaxes are: 'regex'."));
        }

        return fields.Text("definition");
    }
}
