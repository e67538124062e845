using System.Text;

namespace InferenceServer.Inference.Chat.Output;

/// <summary>Makes JSON of an argument that a format writes as plain text between two tags.</summary>
internal static class ArgumentText
{
    /// <summary>Appends the JSON of a value.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="text">The value as the model wrote it.</param>
    /// <param name="types">What the tool's schema allows. Not known: any value that is not text and reads as one.</param>
    public static void AppendJson(StringBuilder output, string text, ArgumentTypes types)
    {
        // Text stands there without quotes: what has some holds them.
        var allowed = types == ArgumentTypes.None ? ~ArgumentTypes.Text : types & ~ArgumentTypes.Text;
        if (Read(text.Trim()) is { } json && (allowed & TypeOf(json)) != 0)
        {
            output.Append(json);
            return;
        }

        AppendString(output, text);
    }

    public static void AppendString(StringBuilder output, ReadOnlySpan<char> text)
    {
        output.Append('"');
        JsonEscapes.Append(output, text);
        output.Append('"');
    }

    /// <summary>The JSON of a value in JSON or Python's notation.</summary>
    /// <returns>Null if the text is not exactly one value.</returns>
    private static string? Read(string text)
    {
        var cursor = new OutputCursor();
        cursor.Append(text);
        cursor.End();
        var json = new StringBuilder();
        return new LiteralReader(LiteralNotation.JsonOrPython).Read(cursor, json) == ReadStatus.Done && cursor.IsEmpty ? json.ToString() : null;
    }

    private static ArgumentTypes TypeOf(string json) => json[0] switch
    {
        '"' => ArgumentTypes.Text,
        '{' => ArgumentTypes.Object,
        '[' => ArgumentTypes.Array,
        't' or 'f' => ArgumentTypes.Boolean,
        'n' => ArgumentTypes.Null,
        _ => ArgumentTypes.Number,
    };
}
