namespace InferenceServer.Inference.Chat.Jinja;

/// <summary>Python's view of a text, where a character outside the basic plane is one character and not two units.</summary>
internal static class CodePoints
{
    public static int Count(string text)
    {
        var count = text.Length;
        for (var i = 1; i < text.Length; i++)
        {
            if (char.IsLowSurrogate(text[i]) && char.IsHighSurrogate(text[i - 1]))
            {
                count--;
            }
        }

        return count;
    }

    /// <summary>Offset in UTF-16 units of the code point with the given index; the length of the text for the index after the last.</summary>
    public static int Offset(string text, int index)
    {
        if (!HasPairs(text))
        {
            return index;
        }

        var offset = 0;
        for (; index > 0; index--)
        {
            offset += UnitsAt(text, offset);
        }

        return offset;
    }

    /// <summary>Index of the code point at an offset.</summary>
    public static int Index(string text, int offset) => Count(text[..offset]);

    /// <summary>Units of the code point that starts at an offset: 1, or 2 for a surrogate pair.</summary>
    public static int UnitsAt(string text, int offset) =>
        char.IsHighSurrogate(text[offset]) && offset + 1 < text.Length && char.IsLowSurrogate(text[offset + 1]) ? 2 : 1;

    /// <summary>True for what Python's <c>str.isspace</c> and <c>strip</c> take for white space.</summary>
    public static bool IsSpace(char character) => char.IsWhiteSpace(character) || character is >= '\x1c' and <= '\x1f';

    private static bool HasPairs(string text) => text.AsSpan().IndexOfAnyInRange('\ud800', '\udfff') >= 0;
}
