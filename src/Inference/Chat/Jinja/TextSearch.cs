using System.Buffers;
using System.Text;

namespace InferenceServer.Inference.Chat.Jinja;

/// <summary>Trimming, splitting and replacing. Pieces of a text keep its authors; what is put in brings its own.</summary>
internal static class TextSearch
{
    private static readonly SearchValues<char> LineEnds = SearchValues.Create("\n\r\v\f\x1c\x1d\x1e\u0085\u2028\u2029");

    /// <summary>Takes white space, or any of the given characters, off the ends.</summary>
    public static TextValue Trim(TextValue text, TextValue? characters, bool atStart, bool atEnd)
    {
        var source = text.Text;
        var (start, end) = (0, source.Length);
        while (atStart && start < end && IsTrimmed(source, start, CodePoints.UnitsAt(source, start), characters))
        {
            start += CodePoints.UnitsAt(source, start);
        }

        while (atEnd && end > start)
        {
            Rune.DecodeLastFromUtf16(source.AsSpan(start, end - start), out _, out var units);
            if (!IsTrimmed(source, end - units, units, characters))
            {
                break;
            }

            end -= units;
        }

        return text.Slice(start, end - start);
    }

    /// <summary>Python's <c>split</c>; at white space when no separator is given. A negative maximum means all.</summary>
    public static ListValue Split(TextValue text, TextValue? separator, int maximum, bool fromRight, RenderBudget budget)
    {
        var pieces = separator is null ? WordRanges(text.Text, maximum, fromRight) : PieceRanges(text.Text, separator.Text, maximum, fromRight);
        budget.Spend(pieces.Count);
        return new ListValue([.. pieces.Select(piece => text.Slice(piece.Start, piece.Length))]);
    }

    /// <summary>Lines without their ends.</summary>
    public static List<TextValue> Lines(TextValue text, bool keepEnds, RenderBudget budget)
    {
        var lines = new List<TextValue>();
        var source = text.Text;
        for (var start = 0; start < source.Length;)
        {
            var length = source.AsSpan(start).IndexOfAny(LineEnds);
            var end = length < 0 ? source.Length : start + length;
            var next = length < 0 ? end : source[end] == '\r' && end + 1 < source.Length && source[end + 1] == '\n' ? end + 2 : end + 1;
            lines.Add(text.Slice(start, (keepEnds ? next : end) - start));
            start = next;
        }

        budget.Spend(lines.Count);
        return lines;
    }

    public static TextValue Replace(TextValue text, TextValue old, TextValue replacement, int maximum, RenderBudget budget)
    {
        var result = new TextBuilder(budget);
        var position = 0;
        if (old.Text.Length == 0)
        {
            return ReplaceBetween(text, replacement, maximum, budget);
        }

        for (var count = 0; maximum < 0 || count < maximum; count++)
        {
            var found = text.Text.IndexOf(old.Text, position, StringComparison.Ordinal);
            if (found < 0)
            {
                break;
            }

            result.Append(text, position, found - position).Append(replacement);
            position = found + old.Text.Length;
        }

        return result.Append(text, position, text.Text.Length - position).ToText();
    }

    public static TextValue Join(IEnumerable<Value> items, TextValue separator, RenderBudget budget)
    {
        var result = new TextBuilder(budget);
        var first = true;
        foreach (var item in items)
        {
            budget.Spend();
            if (!first)
            {
                result.Append(separator);
            }

            first = false;
            result.Append(PythonText.Str(item, budget));
        }

        return result.ToText();
    }

    /// <summary>Puts so many filling characters before and after a text. They are the template's only if text and filling are.</summary>
    public static TextValue Pad(TextValue text, int before, int after, TextValue fill, RenderBudget budget)
    {
        var filling = CodePoints.Count(fill.Text) == 1
            ? fill.Text
            : throw Failures.Type("The fill character must be exactly one character long");
        var fromTemplate = text.IsTemplate && fill.IsTemplate;
        budget.CheckLength(((long)Math.Max(before, 0) + Math.Max(after, 0)) * filling.Length);
        return new TextBuilder(budget)
            .Append(Repeated(filling, before), fromTemplate)
            .Append(text)
            .Append(Repeated(filling, after), fromTemplate)
            .ToText();
    }

    /// <summary>Centres a text as Python does, which puts the odd character left or right by the width.</summary>
    public static TextValue Center(TextValue text, int width, TextValue fill, RenderBudget budget)
    {
        var missing = Math.Max(0, width - CodePoints.Count(text.Text));
        var before = (missing / 2) + (missing & width & 1);
        return Pad(text, before, missing - before, fill, budget);
    }

    private static string Repeated(string text, int times) => times <= 0 ? "" : new StringBuilder().Insert(0, text, times).ToString();

    // Python puts the replacement between all characters when there is nothing to look for.
    private static TextValue ReplaceBetween(TextValue text, TextValue replacement, int maximum, RenderBudget budget)
    {
        var result = new TextBuilder(budget);
        var left = maximum < 0 ? int.MaxValue : maximum;
        foreach (var character in Sequences.Items(text, budget))
        {
            if (left-- > 0)
            {
                result.Append(replacement);
            }

            result.Append((TextValue)character);
        }

        return left > 0 ? result.Append(replacement).ToText() : result.ToText();
    }

    private static bool IsTrimmed(string text, int start, int units, TextValue? characters) =>
        characters is null
            ? CodePoints.IsSpace(text[start])
            : characters.Text.AsSpan().IndexOf(text.AsSpan(start, units), StringComparison.Ordinal) >= 0;

    private static List<(int Start, int Length)> PieceRanges(string text, string separator, int maximum, bool fromRight)
    {
        if (separator.Length == 0)
        {
            throw Failures.Type("empty separator");
        }

        var pieces = new List<(int, int)>();
        if (fromRight)
        {
            var end = text.Length;
            while (maximum < 0 || pieces.Count < maximum)
            {
                var found = text.AsSpan(0, end).LastIndexOf(separator, StringComparison.Ordinal);
                if (found < 0)
                {
                    break;
                }

                pieces.Add((found + separator.Length, end - found - separator.Length));
                end = found;
            }

            pieces.Add((0, end));
            pieces.Reverse();
            return pieces;
        }

        var start = 0;
        while (maximum < 0 || pieces.Count < maximum)
        {
            var found = text.IndexOf(separator, start, StringComparison.Ordinal);
            if (found < 0)
            {
                break;
            }

            pieces.Add((start, found - start));
            start = found + separator.Length;
        }

        pieces.Add((start, text.Length - start));
        return pieces;
    }

    private static List<(int Start, int Length)> WordRanges(string text, int maximum, bool fromRight)
    {
        var words = new List<(int Start, int Length)>();
        for (var start = 0; start < text.Length;)
        {
            if (CodePoints.IsSpace(text[start]))
            {
                start++;
                continue;
            }

            var end = start;
            while (end < text.Length && !CodePoints.IsSpace(text[end]))
            {
                end++;
            }

            words.Add((start, end - start));
            start = end;
        }

        if (maximum < 0 || words.Count <= maximum)
        {
            return words;
        }

        // What is not split keeps the white space within it; that towards its end stays on the side that was not looked at.
        if (fromRight)
        {
            var kept = words.Count - maximum;
            var end = words[kept - 1].Start + words[kept - 1].Length;
            return [(0, end), .. words.Skip(kept)];
        }

        return [.. words.Take(maximum), (words[maximum].Start, text.Length - words[maximum].Start)];
    }
}
