using System.Globalization;

namespace InferenceServer.Inference.Grammar.Text;

/// <summary>
/// Reads the part of ECMAScript's regular expressions (with the <c>u</c> flag) that describes regular sets: literals,
/// classes, <c>.</c>, <c>\d \w \s \p{..}</c> and their opposites, escapes, groups, alternation, greedy and lazy
/// repeats, anchors. Look-around, back references and word borders are refused by name. One use, one thread.
/// </summary>
internal sealed class RegexParser
{
    /// <summary>Repeats that a pattern may count: one with more would need more states than a pattern may have.</summary>
    private const int MaxRepeat = GrammarLimits.MaxTextStates;

    private readonly string _pattern;
    private readonly string _place;
    private int _position;
    private int _nesting;

    private RegexParser(string pattern, string place)
    {
        _pattern = pattern;
        _place = place;
    }

    /// <summary>The expression.</summary>
    /// <exception cref="GrammarException">Not well-formed, or not a regular set.</exception>
    public static SyntaxNode Parse(string pattern, string place)
    {
        var parser = new RegexParser(pattern, place);
        var node = parser.ParseChoice();
        return parser._position == pattern.Length ? node : throw parser.Fail("Unbalanced \")\".");
    }

    /// <summary>The set of texts that the pattern describes.</summary>
    /// <param name="pattern">The expression.</param>
    /// <param name="searches">True: it may match anywhere in the text, unless anchored; false: it matches the whole text.</param>
    /// <param name="budget">What may be spent.</param>
    /// <param name="place">How errors call it.</param>
    public static TextDfa Compile(string pattern, bool searches, CompileBudget budget, string place)
    {
        var node = Parse(pattern, place);
        var nfa = new TextNfa(budget, place);

        // An anchor takes a border symbol itself. Where there is none, the border is taken here, with what is before or after it.
        var start = nfa.AddState();
        nfa.AddEmpty(0, start);
        var before = nfa.AddState();
        nfa.Add(0, TextNfa.Begin, TextNfa.Begin, before);
        nfa.AddEmpty(before, start);
        var end = nfa.Add(start, node);
        var accept = nfa.AddState();
        nfa.AddEmpty(end, accept);
        var after = nfa.AddState();
        nfa.AddEmpty(end, after);
        nfa.Add(after, TextNfa.End, TextNfa.End, accept);
        if (searches)
        {
            foreach (var (low, high) in CodePointSet.All.Ranges)
            {
                nfa.Add(before, low, high, before);
                nfa.Add(after, low, high, after);
            }
        }

        nfa.Accept = accept;
        return TextDeterminizer.Determinize(nfa, hasBorders: true, budget, place);
    }

    private SyntaxNode ParseChoice()
    {
        if (++_nesting > GrammarLimits.MaxNesting)
        {
            throw Fail($"More than {GrammarLimits.MaxNesting} groups inside each other.", GrammarErrorKind.TooComplex);
        }

        var options = new List<SyntaxNode> { ParseSequence() };
        while (Take('|'))
        {
            options.Add(ParseSequence());
        }

        _nesting--;
        return options.Count == 1 ? options[0] : new SyntaxNode.Choice([.. options]);
    }

    private SyntaxNode ParseSequence()
    {
        var items = new List<SyntaxNode>();
        while (_position < _pattern.Length && _pattern[_position] is not ('|' or ')'))
        {
            var start = _position;
            var item = ParseAtom();
            while (ParseRepeat() is var (min, max) && min >= 0)
            {
                if (item is SyntaxNode.Anchor || (max is { } limit && min > limit))
                {
                    _position = start;
                    throw Fail(item is SyntaxNode.Anchor ? "Nothing to repeat." : "The bounds of a repeat are in the wrong order.");
                }

                item = new SyntaxNode.Repeat(item, min, max);
            }

            items.Add(item);
        }

        return items.Count == 1 ? items[0] : new SyntaxNode.Sequence([.. items]);
    }

    /// <summary>Reads a quantifier; the minimum is -1 if there is none.</summary>
    private (int Min, int? Max) ParseRepeat()
    {
        if (_position == _pattern.Length)
        {
            return (-1, null);
        }

        (int, int?) bounds;
        switch (_pattern[_position])
        {
            case '*':
                bounds = (0, null);
                _position++;
                break;
            case '+':
                bounds = (1, null);
                _position++;
                break;
            case '?':
                bounds = (0, 1);
                _position++;
                break;
            case '{':
                bounds = ParseBounds();
                break;
            default:
                return (-1, null);
        }

        // Lazy: the same set of texts.
        Take('?');
        return bounds;
    }

    private (int Min, int? Max) ParseBounds()
    {
        _position++;
        var min = ParseCount() ?? throw Fail("A number has to follow \"{\"; a literal brace is written \"\\{\".");
        int? max = min;
        if (Take(','))
        {
            max = ParseCount();
        }

        return Take('}') ? (min, max) : throw Fail("\"}\" is missing after a repeat.");
    }

    private int? ParseCount()
    {
        var start = _position;
        while (_position < _pattern.Length && char.IsAsciiDigit(_pattern[_position]))
        {
            _position++;
        }

        if (start == _position)
        {
            return null;
        }

        return int.TryParse(_pattern.AsSpan(start.._position), CultureInfo.InvariantCulture, out var count) && count <= MaxRepeat
            ? count
            : throw Fail($"A repeat of more than {MaxRepeat}.", GrammarErrorKind.TooComplex);
    }

    private SyntaxNode ParseAtom()
    {
        var character = _pattern[_position];
        switch (character)
        {
            case '(':
                return ParseGroup();
            case '[':
                _position++;
                return new SyntaxNode.Characters(new RegexClassParser(_pattern, _place).ParseClass(ref _position));
            case '.':
                _position++;
                return new SyntaxNode.Characters(RegexClassParser.Dot);
            case '^':
            case '$':
                _position++;
                return new SyntaxNode.Anchor(character == '$');
            case '*' or '+' or '?' or '{':
                throw Fail("Nothing to repeat.");
            case '\\':
                return new SyntaxNode.Characters(new RegexClassParser(_pattern, _place).ParseEscape(ref _position, isInClass: false));
            default:
                var rune = RegexClassParser.RuneAt(_pattern, _position, _place);
                _position += rune.Utf16SequenceLength;
                return new SyntaxNode.Characters(CodePointSet.Of((rune.Value, rune.Value)));
        }
    }

    private SyntaxNode ParseGroup()
    {
        var start = _position++;
        if (Take('?'))
        {
            if (Take(':'))
            {
                // A plain group.
            }
            else if (_position + 1 < _pattern.Length && _pattern[_position] == '<' && _pattern[_position + 1] is not ('=' or '!'))
            {
                var end = _pattern.IndexOf('>', _position);
                _position = end >= 0 ? end + 1 : throw Fail("The name of a group does not end.");
            }
            else
            {
                throw Fail("Look-around and flags inside a pattern are not supported.", GrammarErrorKind.Unsupported);
            }
        }

        var node = ParseChoice();
        if (!Take(')'))
        {
            _position = start;
            throw Fail("This group does not end.");
        }

        return node;
    }

    private bool Take(char character)
    {
        if (_position < _pattern.Length && _pattern[_position] == character)
        {
            _position++;
            return true;
        }

        return false;
    }

    private GrammarException Fail(string message, GrammarErrorKind kind = GrammarErrorKind.Invalid) =>
        new(kind, message, $"{_place}, offset {_position}");
}
