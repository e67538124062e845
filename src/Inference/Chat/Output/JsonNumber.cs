namespace InferenceServer.Inference.Chat.Output;

/// <summary>The grammar of JSON's numbers.</summary>
internal static class JsonNumber
{
    public static bool IsValid(ReadOnlySpan<char> text)
    {
        var rest = text.StartsWith('-') ? text[1..] : text;
        var numDigits = Digits(rest);
        if (numDigits == 0 || (rest[0] == '0' && numDigits > 1))
        {
            return false;
        }

        rest = rest[numDigits..];
        if (rest.StartsWith('.'))
        {
            var numDecimals = Digits(rest[1..]);
            if (numDecimals == 0)
            {
                return false;
            }

            rest = rest[(1 + numDecimals)..];
        }

        if (rest.Length > 0 && rest[0] is 'e' or 'E')
        {
            rest = rest[1..];
            rest = rest.Length > 0 && rest[0] is '+' or '-' ? rest[1..] : rest;
            return rest.Length > 0 && Digits(rest) == rest.Length;
        }

        return rest.IsEmpty;
    }

    private static int Digits(ReadOnlySpan<char> text)
    {
        var end = text.IndexOfAnyExceptInRange('0', '9');
        return end < 0 ? text.Length : end;
    }
}
