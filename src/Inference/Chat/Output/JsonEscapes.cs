using System.Globalization;
using System.Text;

namespace InferenceServer.Inference.Chat.Output;

/// <summary>Characters of a JSON string, there and back.</summary>
internal static class JsonEscapes
{
    /// <summary>Appends text as it stands inside the quotes of a JSON string.</summary>
    public static void Append(StringBuilder output, ReadOnlySpan<char> text)
    {
        foreach (var c in text)
        {
            Append(output, c);
        }
    }

    public static void Append(StringBuilder output, char c)
    {
        _ = c switch
        {
            '"' => output.Append("\\\""),
            '\\' => output.Append("\\\\"),
            '\n' => output.Append("\\n"),
            '\r' => output.Append("\\r"),
            '\t' => output.Append("\\t"),
            < ' ' => output.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
            _ => output.Append(c),
        };
    }

    /// <summary>The text of a JSON string.</summary>
    /// <param name="json">The string with its quotes, valid.</param>
    public static string Decode(string json)
    {
        var text = new StringBuilder(json.Length);
        for (var i = 1; i < json.Length - 1; i++)
        {
            if (json[i] != '\\')
            {
                text.Append(json[i]);
                continue;
            }

            i++;
            text.Append(json[i] switch
            {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'b' => '\b',
                'f' => '\f',
                'u' => (char)int.Parse(json.AsSpan(i + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture),
                var c => c,
            });
            if (json[i] == 'u')
            {
                i += 4;
            }
        }

        return text.ToString();
    }
}
