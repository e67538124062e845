using System.Globalization;
using System.Text;

namespace InferenceServer.Inference.Chat.Jinja;

/// <summary>Reads the tokens between the delimiters of a tag.</summary>
internal sealed class ExpressionLexer(string source, int position)
{
    // Longer symbols first, as they are tried in this order.
    private static readonly string[] Symbols =
        ["//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".", ":", "|", ",", ";"];

    private readonly Stack<char> _open = new();

    /// <summary>Where the next token starts.</summary>
    public int Position { get; set; } = position;

    /// <summary>Open brackets; a tag cannot end within any.</summary>
    public int Nesting => _open.Count;

    /// <summary>Reads the token at <see cref="Position"/>, which is neither white space nor the end of the source.</summary>
    public Token Next(int line)
    {
        var first = source[Position];
        if (char.IsAsciiDigit(first))
        {
            return ReadNumber(line);
        }

        if (char.IsLetter(first) || first == '_')
        {
            var start = Position;
            while (Position < source.Length && (char.IsLetterOrDigit(source[Position]) || source[Position] == '_'))
            {
                Position++;
            }

            return new Token(TokenKind.Name, source[start..Position], line);
        }

        return first is '\'' or '"' ? ReadString(first, line) : ReadSymbol(line);
    }

    private Token ReadNumber(int line)
    {
        var start = Position;
        SkipDigits();
        var isFloat = false;
        // In "a.0.1" the second dot is another item, not a fraction.
        if (Peek(0) == '.' && char.IsAsciiDigit(Peek(1)) && (start == 0 || source[start - 1] != '.'))
        {
            isFloat = true;
            Position++;
            SkipDigits();
        }

        var signed = Peek(1) is '+' or '-' ? 1 : 0;
        if (Peek(0) is 'e' or 'E' && char.IsAsciiDigit(Peek(1 + signed)))
        {
            isFloat = true;
            Position += 1 + signed;
            SkipDigits();
        }

        return new Token(isFloat ? TokenKind.Float : TokenKind.Integer, source[start..Position].Replace("_", "", StringComparison.Ordinal), line);
    }

    private void SkipDigits()
    {
        while (char.IsAsciiDigit(Peek(0)) || (Peek(0) == '_' && char.IsAsciiDigit(Peek(1))))
        {
            Position++;
        }
    }

    private char Peek(int ahead) => Position + ahead < source.Length ? source[Position + ahead] : '\0';

    private Token ReadString(char quote, int line)
    {
        var text = new StringBuilder();
        Position++;
        while (Peek(0) != quote)
        {
            if (Position >= source.Length)
            {
                throw new TemplateSyntaxException("unterminated string", line);
            }

            if (Peek(0) == '\\' && Position + 1 < source.Length)
            {
                Position++;
                ReadEscape(text, line);
            }
            else
            {
                text.Append(source[Position++]);
            }
        }

        Position++;
        return new Token(TokenKind.Text, text.ToString(), line);
    }

    // Python's escapes; an unknown one keeps its backslash.
    private void ReadEscape(StringBuilder text, int line)
    {
        var escape = source[Position++];
        const string Plain = "\\\'\"abfnrtv";
        const string Meaning = "\\\'\"\a\b\f\n\r\t\v";
        var index = Plain.IndexOf(escape, StringComparison.Ordinal);
        if (index >= 0)
        {
            text.Append(Meaning[index]);
            return;
        }

        switch (escape)
        {
            case '\n':
                break;
            case 'x':
                text.Append((char)ReadHex(2, line));
                break;
            case 'u':
                text.Append((char)ReadHex(4, line));
                break;
            case 'U':
                var codePoint = ReadHex(8, line);
                text.Append(Rune.IsValid(codePoint) ? new Rune(codePoint).ToString() : throw new TemplateSyntaxException("illegal Unicode character", line));
                break;
            case >= '0' and <= '7':
                var value = escape - '0';
                for (var i = 0; i < 2 && Peek(0) is >= '0' and <= '7'; i++)
                {
                    value = (value * 8) + (source[Position++] - '0');
                }

                text.Append((char)value);
                break;
            default:
                text.Append('\\').Append(escape);
                break;
        }
    }

    private int ReadHex(int digits, int line)
    {
        if (Position + digits <= source.Length
            && int.TryParse(source.AsSpan(Position, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
        {
            Position += digits;
            return value;
        }

        throw new TemplateSyntaxException("truncated escape in a string", line);
    }

    private Token ReadSymbol(int line)
    {
        foreach (var symbol in Symbols)
        {
            if (string.CompareOrdinal(source, Position, symbol, 0, symbol.Length) == 0)
            {
                Position += symbol.Length;
                Balance(symbol[0], line);
                return new Token(TokenKind.Symbol, symbol, line);
            }
        }

        throw new TemplateSyntaxException($"unexpected char '{source[Position]}'", line);
    }

    private void Balance(char symbol, int line)
    {
        switch (symbol)
        {
            case '(':
                _open.Push(')');
                break;
            case '[':
                _open.Push(']');
                break;
            case '{':
                _open.Push('}');
                break;
            case ')' or ']' or '}':
                if (!_open.TryPop(out var expected) || expected != symbol)
                {
                    throw new TemplateSyntaxException($"unexpected '{symbol}'", line);
                }

                break;
        }
    }
}
