using System.Globalization;
using System.Text;
using System.Text.Json;

namespace InferenceServer.Inference.Grammar.Json;

/// <summary>The spelling in which constants and names are generated: as short as JSON allows, nothing escaped that need not be.</summary>
internal static class JsonSpelling
{
    /// <summary>Characters with a short escape, and its letter.</summary>
    public static readonly (char Character, char Letter)[] ShortEscapes =
        [('"', '"'), ('\\', '\\'), ('/', '/'), ('\b', 'b'), ('\f', 'f'), ('\n', 'n'), ('\r', 'r'), ('\t', 't')];

    /// <summary>A string with its quotes.</summary>
    public static byte[] Text(string text)
    {
        var spelled = new StringBuilder();
        Append(spelled, text);
        return Encoding.UTF8.GetBytes(spelled.ToString());
    }

    /// <summary>A string, number, boolean or null.</summary>
    public static byte[] Scalar(JsonElement value) => value.ValueKind == JsonValueKind.String ? Text(value.GetString()!) : Encoding.UTF8.GetBytes(value.GetRawText());

    /// <summary>Any value without white space.</summary>
    public static byte[] Compact(JsonElement value)
    {
        var spelled = new StringBuilder();
        Append(spelled, value);
        return Encoding.UTF8.GetBytes(spelled.ToString());
    }

    private static void Append(StringBuilder spelled, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                spelled.Append('{');
                foreach (var property in value.EnumerateObject())
                {
                    Append(spelled, property.Name);
                    spelled.Append(':');
                    Append(spelled, property.Value);
                    spelled.Append(',');
                }

                Close(spelled, '}');
                break;
            case JsonValueKind.Array:
                spelled.Append('[');
                foreach (var item in value.EnumerateArray())
                {
                    Append(spelled, item);
                    spelled.Append(',');
                }

                Close(spelled, ']');
                break;
            case JsonValueKind.String:
                Append(spelled, value.GetString()!);
                break;
            default:
                spelled.Append(value.GetRawText());
                break;
        }
    }

    private static void Close(StringBuilder spelled, char bracket)
    {
        if (spelled[^1] == ',')
        {
            spelled.Length--;
        }

        spelled.Append(bracket);
    }

    private static void Append(StringBuilder spelled, string text)
    {
        spelled.Append('"');
        foreach (var character in text)
        {
            var (_, letter) = character == '/' ? default : Array.Find(ShortEscapes, pair => pair.Character == character);
            if (letter != 0)
            {
                spelled.Append('\\').Append(letter);
            }
            else if (character < ' ')
            {
                spelled.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}");
            }
            else
            {
                spelled.Append(character);
            }
        }

        spelled.Append('"');
    }
}
