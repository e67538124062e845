using System.Collections.Immutable;

namespace InferenceServer.Inference.Chat.Jinja;

/// <summary>
/// Splits a template into text and tokens of tags, with white space treated as jinja2 does under <c>trim_blocks</c> and
/// <c>lstrip_blocks</c>, the setting that chat templates are written for.
/// </summary>
internal sealed class Lexer
{
    private readonly string _source;
    private readonly ImmutableArray<Token>.Builder _tokens = ImmutableArray.CreateBuilder<Token>();
    private int _position;
    private int _line = 1;
    private int _countedTo;

    // True when the text to come starts a line: at the very start, or when the last tag took the newline behind it.
    private bool _atLineStart = true;

    private Lexer(string source) => _source = source;

    public static ImmutableArray<Token> Tokenize(string source)
    {
        var normalized = source.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        var lexer = new Lexer(normalized.EndsWith('\n') ? normalized[..^1] : normalized);
        lexer.Run();
        return lexer._tokens.ToImmutable();
    }

    private int Line
    {
        get
        {
            _line += _source.AsSpan(_countedTo, _position - _countedTo).Count('\n');
            _countedTo = _position;
            return _line;
        }
    }

    private void Run()
    {
        while (_position < _source.Length)
        {
            var start = FindTag(_position);
            if (start < 0)
            {
                Emit(TokenKind.Data, _source[_position..]);
                break;
            }

            var kind = _source[start + 1];
            EmitData(start, isPrint: kind == '{');
            _position = SkipSign(start + 2);
            _atLineStart = false;
            switch (kind)
            {
                case '#':
                    SkipComment();
                    break;
                case '{':
                    Emit(TokenKind.PrintBegin, "{{");
                    LexTag(isBlock: false);
                    break;
                default:
                    if (!TryRaw())
                    {
                        Emit(TokenKind.BlockBegin, "{%");
                        LexTag(isBlock: true);
                    }

                    break;
            }
        }

        _position = _source.Length;
        Emit(TokenKind.End, "end of template");
    }

    private int FindTag(int from)
    {
        for (var i = _source.IndexOf('{', from); i >= 0 && i + 1 < _source.Length; i = _source.IndexOf('{', i + 1))
        {
            if (_source[i + 1] is '{' or '%' or '#')
            {
                return i;
            }
        }

        return -1;
    }

    // Emits the text before a tag, less what "-" or lstrip_blocks take off its end.
    private void EmitData(int end, bool isPrint)
    {
        var text = _source.AsSpan(_position, end - _position);
        var sign = end + 2 < _source.Length ? _source[end + 2] : ' ';
        if (sign == '-')
        {
            text = TrimEnd(text);
        }
        else if (sign != '+' && !isPrint)
        {
            var lineStart = text.LastIndexOf('\n') + 1;
            if ((lineStart > 0 || _atLineStart) && TrimEnd(text[lineStart..]).IsEmpty)
            {
                text = text[..lineStart];
            }
        }

        if (!text.IsEmpty)
        {
            Emit(TokenKind.Data, text.ToString());
        }
    }

    private int SkipSign(int position) => position < _source.Length && _source[position] is '-' or '+' ? position + 1 : position;

    private void SkipComment()
    {
        var end = _source.IndexOf("#}", _position, StringComparison.Ordinal);
        if (end < 0)
        {
            throw Error("Missing end of comment tag");
        }

        FinishTag(end, _position);
    }

    // Moves behind the closing tag at "end": "-" before it takes all white space, nothing before it takes one newline.
    private void FinishTag(int end, int contentStart)
    {
        var sign = end > contentStart ? _source[end - 1] : ' ';
        _position = end + 2;
        if (sign == '-')
        {
            SkipSpace();
        }
        else if (sign != '+' && _position < _source.Length && _source[_position] == '\n')
        {
            _position++;
        }

        _atLineStart = _source[_position - 1] == '\n';
    }

    private bool TryRaw()
    {
        var position = SkipWord(_position, "raw");
        if (position < 0 || !ClosesBlock(ref position))
        {
            return false;
        }

        var stripped = _source[position - 3] == '-';
        _position = position;
        if (stripped)
        {
            SkipSpace();
        }

        _atLineStart = _source[_position - 1] == '\n';
        for (var start = _source.IndexOf("{%", _position, StringComparison.Ordinal); start >= 0; start = _source.IndexOf("{%", start + 1, StringComparison.Ordinal))
        {
            var after = SkipWord(SkipSign(start + 2), "endraw");
            if (after >= 0 && ClosesBlock(ref after))
            {
                EmitData(start, isPrint: false);
                FinishTag(after - 2, start + 2);
                return true;
            }
        }

        throw Error("Missing end of raw directive");
    }

    private int SkipWord(int position, string word)
    {
        position = SpaceEnd(position);
        return string.CompareOrdinal(_source, position, word, 0, word.Length) == 0 ? SpaceEnd(position + word.Length) : -1;
    }

    private bool ClosesBlock(ref int position)
    {
        position = SkipSign(position);
        if (string.CompareOrdinal(_source, position, "%}", 0, 2) != 0)
        {
            return false;
        }

        position += 2;
        return true;
    }

    private void LexTag(bool isBlock)
    {
        var expressions = new ExpressionLexer(_source, _position);
        var close = isBlock ? "%}" : "}}";
        while (true)
        {
            _position = SpaceEnd(expressions.Position);
            if (_position >= _source.Length)
            {
                throw Error($"unexpected end of template, expected '{close}'");
            }

            if (expressions.Nesting == 0 && IsTagEnd(close, isBlock, out var end))
            {
                Emit(isBlock ? TokenKind.BlockEnd : TokenKind.PrintEnd, close);
                FinishExpression(end, isBlock);
                return;
            }

            expressions.Position = _position;
            _tokens.Add(expressions.Next(Line));
        }
    }

    private bool IsTagEnd(string close, bool isBlock, out int end)
    {
        end = _source[_position] == '-' || (isBlock && _source[_position] == '+') ? _position + 1 : _position;
        return string.CompareOrdinal(_source, end, close, 0, 2) == 0;
    }

    private void FinishExpression(int end, bool isBlock)
    {
        if (isBlock)
        {
            FinishTag(end, _position);
            return;
        }

        var strips = end > _position;
        _position = end + 2;
        if (strips)
        {
            SkipSpace();
        }

        _atLineStart = _source[_position - 1] == '\n';
    }

    private void SkipSpace() => _position = SpaceEnd(_position);

    private int SpaceEnd(int position)
    {
        while (position < _source.Length && CodePoints.IsSpace(_source[position]))
        {
            position++;
        }

        return position;
    }

    private static ReadOnlySpan<char> TrimEnd(ReadOnlySpan<char> text)
    {
        while (!text.IsEmpty && CodePoints.IsSpace(text[^1]))
        {
            text = text[..^1];
        }

        return text;
    }

    private void Emit(TokenKind kind, string text) => _tokens.Add(new Token(kind, text, Line));

    private TemplateSyntaxException Error(string message) => new(message, Line);
}
