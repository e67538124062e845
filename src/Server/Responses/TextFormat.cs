using System.Text.Json;
using InferenceServer.Inference.Grammar;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Responses;

/// <summary>Reads <c>text</c>: what the text of an answer must fit.</summary>
internal static class TextFormat
{
    /// <summary>The constraint, null for any text; and what the response repeats.</summary>
    public static (GrammarPart.Embedded? Constraint, JsonElement? Format, string? Verbosity) Read(JsonFields fields)
    {
        if (fields.Object("text") is not { } text)
        {
            return (null, null, null);
        }

        var inner = new JsonFields(text, fields.PathOf("text"), fields.Errors);
        var verbosity = inner.Text("verbosity");
        return inner.Object("format") is { } format
            ? (ReadFormat(new JsonFields(format, inner.PathOf("format"), fields.Errors)), format, verbosity)
            : (null, null, verbosity);
    }

    private static GrammarPart.Embedded? ReadFormat(JsonFields format)
    {
        switch (format.RequiredText("type"))
        {
            case null or "text":
                return null;
            case "json_object":
                return ConstraintFields.AnyObject(format.Path);
            case "json_schema":
                return ReadSchema(format);
            case { } other:
                format.Errors.Add(RequestError.BadValue(
                    format.PathOf("type"), $"Invalid value: '{JsonFields.Short(other)}'. Supported values are: 'text', 'json_object' and 'json_schema'."));
                return null;
        }
    }

    private static GrammarPart.Embedded? ReadSchema(JsonFields format)
    {
        const string Name = "schema";
        format.Text("name");
        format.Text("description");
        var isStrict = format.Flag("strict") ?? false;
        return format.RequiredObject(Name) is { } schema ? ConstraintFields.OfSchema(format.PathOf(Name), schema, isStrict) : null;
    }
}
