using System.Globalization;
using System.Text;
using InferenceServer.Inference.Grammar.Text;

namespace InferenceServer.Inference.Grammar.Gbnf;

/// <summary>
/// Reads llama.cpp's grammar text: <c>name ::= alternatives</c>, with literals, classes, <c>.</c>, groups, rules and
/// repeats. A newline ends a rule unless it stands in parentheses or after <c>|</c> or <c>::=</c>. One use, one thread.
/// </summary>
internal sealed class GbnfParser
{
    private const int MaxRepeat = GrammarLimits.MaxStates;

    private readonly string _text;
    private readonly Dictionary<string, SyntaxNode> _rules = new(StringComparer.Ordinal);
    private int _position;
    private int _nesting;

    private GbnfParser(string text) => _text = text;

    /// <summary>The rules by name, in the order of the text.</summary>
    /// <exception cref="GrammarException">Not well-formed; the place is an offset.</exception>
    public static IReadOnlyDictionary<string, SyntaxNode> Parse(string text)
    {
        var parser = new GbnfParser(text);
        parser.SkipSpace(acrossLines: true);
        while (parser._position < text.Length)
        {
            parser.ParseRule();
        }

        return parser._rules;
    }

    private void ParseRule()
    {
        var start = _position;
        var name = ParseName();
        SkipSpace(acrossLines: false);
        if (!Take("::="))
        {
            throw Fail("\"::=\" is missing.");
        }

        SkipSpace(acrossLines: true);
        var node = ParseChoice(isInGroup: false);
        if (_position < _text.Length && _text[_position] is not ('\r' or '\n'))
        {
            throw Fail($"Unexpected \"{_text[_position]}\".");
        }

        if (!_rules.TryAdd(name, node))
        {
            _position = start;
            throw Fail($"The rule \"{name}\" is defined twice.");
        }

        SkipSpace(acrossLines: true);
    }

    private SyntaxNode ParseChoice(bool isInGroup)
    {
        if (++_nesting > GrammarLimits.MaxNesting)
        {
            throw new GrammarException(GrammarErrorKind.TooComplex, $"More than {GrammarLimits.MaxNesting} groups inside each other.", $"offset {_position}");
        }

        var options = new List<SyntaxNode> { ParseSequence(isInGroup) };
        while (Take("|"))
        {
            SkipSpace(acrossLines: true);
            options.Add(ParseSequence(isInGroup));
        }

        _nesting--;
        return options.Count == 1 ? options[0] : new SyntaxNode.Choice([.. options]);
    }

    private SyntaxNode ParseSequence(bool isInGroup)
    {
        var items = new List<SyntaxNode>();
        while (_position < _text.Length && _text[_position] is not ('|' or ')' or '\r' or '\n'))
        {
            var item = ParseItem();
            SkipSpace(isInGroup);
            while (ParseRepeat() is var (min, max) && min >= 0)
            {
                item = max is { } limit && min > limit ? throw Fail("The bounds of a repeat are in the wrong order.") : new SyntaxNode.Repeat(item, min, max);
                SkipSpace(isInGroup);
            }

            items.Add(item);
        }

        return items.Count == 1 ? items[0] : new SyntaxNode.Sequence([.. items]);
    }

    private SyntaxNode ParseItem()
    {
        switch (_text[_position])
        {
            case '"':
                return ParseLiteral();
            case '[':
                return ParseClass();
            case '.':
                _position++;
                return new SyntaxNode.Characters(CodePointSet.All);
            case '(':
                var start = _position++;
                SkipSpace(acrossLines: true);
                var node = ParseChoice(isInGroup: true);
                if (!Take(")"))
                {
                    _position = start;
                    throw Fail("This group does not end.");
                }

                return node;
            case '<' or '!':
                throw new GrammarException(GrammarErrorKind.Unsupported, "Rules over tokens are not supported.", $"offset {_position}");
            default:
                var offset = _position;
                return new SyntaxNode.Reference(ParseName(), offset);
        }
    }

    private SyntaxNode.Sequence ParseLiteral()
    {
        var start = _position++;
        var items = new List<SyntaxNode>();
        while (true)
        {
            if (Take("\""))
            {
                return new SyntaxNode.Sequence([.. items]);
            }

            var codePoint = ParseCharacter(start);
            items.Add(new SyntaxNode.Characters(CodePointSet.Of((codePoint, codePoint))));
        }
    }

    private SyntaxNode.Characters ParseClass()
    {
        var start = _position++;
        var isNegated = Take("^");
        var ranges = new List<(int Low, int High)>();
        while (true)
        {
            if (_position < _text.Length && _text[_position] == ']')
            {
                _position++;
                break;
            }

            var low = ParseCharacter(start);
            var high = low;
            if (_position + 1 < _text.Length && _text[_position] == '-' && _text[_position + 1] != ']')
            {
                _position++;
                high = ParseCharacter(start);
            }

            if (low > high)
            {
                throw Fail("The ends of a range are in the wrong order.");
            }

            ranges.Add((low, high));
        }

        var set = CodePointSet.Normalize(ranges);
        return new SyntaxNode.Characters(isNegated ? set.Complement() : set);
    }

    private int ParseCharacter(int start)
    {
        if (_position >= _text.Length || _text[_position] is '\n')
        {
            _position = start;
            throw Fail("This literal or class does not end.");
        }

        if (_text[_position] != '\\')
        {
            var rune = RegexClassParser.RuneAt(_text, _position, "grammar");
            _position += rune.Utf16SequenceLength;
            return rune.Value;
        }

        var escape = _position + 1 < _text.Length ? _text[_position + 1] : '\0';
        _position += 2;
        return escape switch
        {
            'x' => ParseHex(2),
            'u' => ParseHex(4),
            'U' => ParseHex(8),
            't' => '\t',
            'r' => '\r',
            'n' => '\n',
            '\\' or '"' or '[' or ']' or '-' or '^' => escape,
            _ => throw Fail("Unknown escape."),
        };
    }

    private int ParseHex(int digits)
    {
        if (_position + digits > _text.Length ||
            !int.TryParse(_text.AsSpan(_position, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value) || !Rune.IsValid(value))
        {
            throw Fail($"{digits} hexadecimal digits of a character are missing.");
        }

        _position += digits;
        return value;
    }

    private (int Min, int? Max) ParseRepeat()
    {
        if (Take("*"))
        {
            return (0, null);
        }

        if (Take("+"))
        {
            return (1, null);
        }

        if (Take("?"))
        {
            return (0, 1);
        }

        if (!Take("{"))
        {
            return (-1, null);
        }

        SkipSpace(acrossLines: false);
        var min = ParseCount();
        int? max = min;
        SkipSpace(acrossLines: false);
        if (Take(","))
        {
            SkipSpace(acrossLines: false);
            max = _position < _text.Length && _text[_position] == '}' ? null : ParseCount();
            SkipSpace(acrossLines: false);
        }

        return Take("}") ? (min, max) : throw Fail("\"}\" is missing after a repeat.");
    }

    private int ParseCount()
    {
        var start = _position;
        while (_position < _text.Length && char.IsAsciiDigit(_text[_position]))
        {
            _position++;
        }

        if (start == _position)
        {
            throw Fail("A number is missing in a repeat.");
        }

        return int.TryParse(_text.AsSpan(start.._position), CultureInfo.InvariantCulture, out var count) && count <= MaxRepeat
            ? count
            : throw new GrammarException(GrammarErrorKind.TooComplex, $"A repeat of more than {MaxRepeat}.", $"offset {start}");
    }

    private string ParseName()
    {
        var start = _position;
        while (_position < _text.Length && (char.IsAsciiLetterOrDigit(_text[_position]) || _text[_position] is '-' or '_'))
        {
            _position++;
        }

        return start < _position ? _text[start.._position] : throw Fail(_position < _text.Length ? $"Unexpected \"{_text[_position]}\"." : "Unexpected end.");
    }

    private void SkipSpace(bool acrossLines)
    {
        while (_position < _text.Length)
        {
            var character = _text[_position];
            if (character == '#')
            {
                var end = _text.IndexOf('\n', _position);
                _position = end < 0 ? _text.Length : end;
            }
            else if (character is ' ' or '\t' || (acrossLines && character is ('\r' or '\n')))
            {
                _position++;
            }
            else
            {
                return;
            }
        }
    }

    private bool Take(string text)
    {
        if (!_text.AsSpan(_position).StartsWith(text))
        {
            return false;
        }

        _position += text.Length;
        return true;
    }

    private GrammarException Fail(string message) => new(GrammarErrorKind.Invalid, message, $"offset {_position}");
}
