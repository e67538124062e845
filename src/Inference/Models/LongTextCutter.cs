using System.Globalization;
using System.Text;

namespace InferenceServer.Inference.Models;

/// <summary>
/// Cuts text that would overflow the native stack. llama.cpp splits BPE text with <c>std::regex</c>, which recurses once per
/// character of a match (some vocabularies match a run of letters, spaces or signs, one of them whole lines of words).
/// </summary>
internal static class LongTextCutter
{
    /// <summary>
    /// Characters of one class in a row that are handed over at most. With 64 MB of stack 100,000 passed and 300,000 did not,
    /// for every vocabulary tried; with 8 MB 20,000 passed. A cut inside a run changes its tokens, so the limit is far above real text.
    /// </summary>
    public const int MaxRun = 10_000;

    /// <summary>Characters that are handed over at most in one call; 90,000 passed with the worst vocabulary. These cuts lie where every vocabulary cuts anyway, if there is such a place.</summary>
    public const int MaxCall = 40_000;

    private enum CharacterClass
    {
        Space,
        Letter,
        Number,
        Other,

        // Vocabularies count combining marks to the letters or to the signs, so they continue a run of both.
        Mark,
    }

    /// <summary>Bytes from the start of a UTF-8 text to its first cut; all of them if it needs none.</summary>
    public static int FindCut(ReadOnlySpan<byte> text)
    {
        // No character is shorter than a byte.
        if (text.Length <= MaxRun)
        {
            return text.Length;
        }

        Span<int> runs = stackalloc int[4];
        var (position, count, goodCut) = (0, 0, 0);
        var (previous, beforePrevious) = (CharacterClass.Other, CharacterClass.Other);
        var previousIsSpace = false;
        while (position < text.Length)
        {
            var (current, isNewLine, isSpace, length) = Classify(text[position..]);
            if (count == MaxCall)
            {
                return goodCut > 0 ? goodCut : position;
            }

            if (CountRuns(runs, current) > MaxRun)
            {
                return position;
            }

            // Before a line end that follows a letter, and before a space between letters, all vocabularies cut.
            if (isNewLine && previous == CharacterClass.Letter)
            {
                goodCut = position;
            }
            else if (previousIsSpace && current == CharacterClass.Letter && beforePrevious == CharacterClass.Letter)
            {
                goodCut = position - 1;
            }

            (beforePrevious, previous, previousIsSpace) = (previous, current, isSpace);
            position += length;
            count++;
        }

        return text.Length;
    }

    /// <summary>Advances the run lengths by one character; the longest run that it continues.</summary>
    private static int CountRuns(Span<int> runs, CharacterClass current)
    {
        var longest = 0;
        for (var index = 0; index < runs.Length; index++)
        {
            var of = (CharacterClass)index;
            var continues = of == current || (current == CharacterClass.Mark && of is CharacterClass.Letter or CharacterClass.Other);
            runs[index] = continues ? runs[index] + 1 : 0;
            longest = Math.Max(longest, runs[index]);
        }

        return longest;
    }

    private static (CharacterClass Class, bool IsNewLine, bool IsSpace, int Length) Classify(ReadOnlySpan<byte> text)
    {
        var first = text[0];
        if (first < 0x80)
        {
            var kind = char.IsAsciiLetter((char)first) ? CharacterClass.Letter
                : char.IsAsciiDigit((char)first) ? CharacterClass.Number
                : first is (byte)' ' or (>= 9 and <= 13) ? CharacterClass.Space
                : CharacterClass.Other;
            return (kind, first == '\n', first == ' ', 1);
        }

        Rune.DecodeFromUtf8(text, out var rune, out var length);
        var category = Rune.GetUnicodeCategory(rune);
        return (Rune.IsWhiteSpace(rune) ? CharacterClass.Space : category switch
        {
            <= UnicodeCategory.OtherLetter => CharacterClass.Letter,
            <= UnicodeCategory.EnclosingMark => CharacterClass.Mark,
            <= UnicodeCategory.OtherNumber => CharacterClass.Number,
            _ => CharacterClass.Other,
        }, false, false, length);
    }
}
