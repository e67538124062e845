using System.Globalization;
using System.Text;

namespace InferenceServer.Inference.Grammar.Text;

/// <summary>Reads the parts of a regular expression that stand for one character: classes and escapes. One thread.</summary>
/// <param name="pattern">The whole expression.</param>
/// <param name="place">How errors call it.</param>
internal sealed class RegexClassParser(string pattern, string place)
{
    /// <summary>Any character but the ends of lines.</summary>
    public static readonly CodePointSet Dot = CodePointSet.OfCharacters("\n\r\u2028\u2029").Complement();

    private static readonly CodePointSet Digit = CodePointSet.Of(('0', '9'));
    private static readonly CodePointSet Word = CodePointSet.Of(('0', '9'), ('A', 'Z'), ('a', 'z'), ('_', '_'));

    private static readonly CodePointSet Space = CodePointSet.Of(
        ('\t', '\r'), (' ', ' '), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029), (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000), (0xFEFF, 0xFEFF));

    /// <summary>The character at a position; a lone surrogate is an error.</summary>
    public static Rune RuneAt(string text, int position, string place) =>
        Rune.TryGetRuneAt(text, position, out var rune)
            ? rune
            : throw new GrammarException(GrammarErrorKind.Invalid, "Half a surrogate pair.", $"{place}, offset {position}");

    /// <summary>Reads a class, from after its "[" to after its "]".</summary>
    public CodePointSet ParseClass(ref int position)
    {
        var start = position - 1;
        var isNegated = position < pattern.Length && pattern[position] == '^';
        position += isNegated ? 1 : 0;
        var ranges = new List<(int Low, int High)>();
        while (true)
        {
            if (position >= pattern.Length)
            {
                throw Fail("This class does not end.", start);
            }

            if (pattern[position] == ']')
            {
                position++;
                break;
            }

            var first = position;
            var low = ParseMember(ref position);
            if (position + 1 < pattern.Length && pattern[position] == '-' && pattern[position + 1] != ']')
            {
                position++;
                var high = ParseMember(ref position);
                if (!IsSingle(low) || !IsSingle(high) || low.Ranges[0].Low > high.Ranges[0].Low)
                {
                    throw Fail("The ends of a range are not two characters in order.", first);
                }

                ranges.Add((low.Ranges[0].Low, high.Ranges[0].Low));
            }
            else
            {
                ranges.AddRange(low.Ranges);
            }
        }

        var set = CodePointSet.Normalize(ranges);
        return isNegated ? set.Complement() : set;
    }

    /// <summary>Reads an escape, its backslash included.</summary>
    public CodePointSet ParseEscape(ref int position, bool isInClass)
    {
        var start = position++;
        if (position == pattern.Length)
        {
            throw Fail("A backslash at the end.", start);
        }

        var character = pattern[position++];
        switch (character)
        {
            case 'd':
                return Digit;
            case 'D':
                return Digit.Complement();
            case 'w':
                return Word;
            case 'W':
                return Word.Complement();
            case 's':
                return Space;
            case 'S':
                return Space.Complement();
            case 't':
                return One('\t');
            case 'n':
                return One('\n');
            case 'r':
                return One('\r');
            case 'f':
                return One('\f');
            case 'v':
                return One('\v');
            case '0':
                return One(0);
            case 'b' when isInClass:
                return One('\b');
            case 'c' when position < pattern.Length && char.IsAsciiLetter(pattern[position]):
                return One(pattern[position++] & 0x1F);
            case 'x':
                return One(ParseHex(ref position, 2, start));
            case 'u':
                return One(ParseUnicode(ref position, start));
            case 'p' or 'P':
                var set = ParseProperty(ref position, start);
                return character == 'p' ? set : set.Complement();
            default:
                return char.IsAsciiLetterOrDigit(character) ? throw FailAtEscape(character, start) : Literal(ref position);
        }
    }

    private static bool IsSingle(CodePointSet set) => set.Ranges.Length == 1 && set.Ranges[0].Low == set.Ranges[0].High;

    private static CodePointSet One(int codePoint) => CodePointSet.Of((codePoint, codePoint));

    private CodePointSet ParseMember(ref int position)
    {
        if (position >= pattern.Length)
        {
            throw Fail("This class does not end.", position);
        }

        if (pattern[position] == '\\')
        {
            return ParseEscape(ref position, isInClass: true);
        }

        position++;
        return Literal(ref position);
    }

    private CodePointSet Literal(ref int position)
    {
        var rune = RuneAt(pattern, position - 1, place);
        position += rune.Utf16SequenceLength - 1;
        return One(rune.Value);
    }

    private int ParseUnicode(ref int position, int start)
    {
        if (position < pattern.Length && pattern[position] == '{')
        {
            var end = pattern.IndexOf('}', position);
            if (end < 0 || !int.TryParse(pattern.AsSpan((position + 1)..end), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value) || !Rune.IsValid(value))
            {
                throw Fail("\\u{...} needs the hexadecimal number of a character.", start);
            }

            position = end + 1;
            return value;
        }

        var unit = ParseHex(ref position, 4, start);
        if (char.IsHighSurrogate((char)unit) && pattern.AsSpan(position).StartsWith("\\u"))
        {
            position += 2;
            var low = ParseHex(ref position, 4, start);
            return char.IsLowSurrogate((char)low) ? char.ConvertToUtf32((char)unit, (char)low) : throw Fail("Half a surrogate pair.", start);
        }

        return char.IsSurrogate((char)unit) ? throw Fail("Half a surrogate pair.", start) : unit;
    }

    private int ParseHex(ref int position, int digits, int start)
    {
        if (position + digits > pattern.Length ||
            !int.TryParse(pattern.AsSpan(position, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
        {
            throw Fail($"{digits} hexadecimal digits are missing.", start);
        }

        position += digits;
        return value;
    }

    private CodePointSet ParseProperty(ref int position, int start)
    {
        var end = position < pattern.Length && pattern[position] == '{' ? pattern.IndexOf('}', position) : -1;
        if (end < 0)
        {
            throw Fail("\\p needs a {Category}.", start);
        }

        var name = pattern[(position + 1)..end];
        position = end + 1;
        return UnicodeCategories.Find(name)
            ?? throw new GrammarException(GrammarErrorKind.Unsupported, $"\\p{{{name}}} is not supported; general categories are.", $"{place}, offset {start}");
    }

    private GrammarException FailAtEscape(char character, int start) => character switch
    {
        'b' or 'B' => new GrammarException(GrammarErrorKind.Unsupported, $"Word borders (\\{character}) are not supported.", $"{place}, offset {start}"),
        'k' or (>= '1' and <= '9') => new GrammarException(GrammarErrorKind.Unsupported, "Back references are not supported.", $"{place}, offset {start}"),
        _ => Fail($"Unknown escape \\{character}.", start),
    };

    private GrammarException Fail(string message, int offset) => new(GrammarErrorKind.Invalid, message, $"{place}, offset {offset}");
}
