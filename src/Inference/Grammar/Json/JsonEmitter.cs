using System.Text.Json;
using InferenceServer.Inference.Grammar.Automata;
using InferenceServer.Inference.Grammar.Text;

namespace InferenceServer.Inference.Grammar.Json;

/// <summary>
/// Adds pieces of JSON to an automaton: strings by their decoded text, numbers, constants, any value. White space is bounded:
/// a space, or one or two newlines with at most twenty blanks, after "{", "[", ":" and ",", and before "]" and "}".
/// One thread.
/// </summary>
internal sealed class JsonEmitter(AutomatonBuilder builder)
{
    private static readonly CodePointSet Ascii = CodePointSet.Of((0, 0x7F));

    // ", \ and control characters have to be escaped.
    private static readonly CodePointSet Plain = CodePointSet.Of((0x20, 0x21), (0x23, 0x5B), (0x5D, 0x7F));

    // 18 digits fit a long, 15 to 16 of a fraction a double, and a double holds every such number.
    private static readonly Lazy<TextDfa> NumberTexts = Regular("-?(0|[1-9][0-9]{0,17})(\\.[0-9]{1,16})?([eE][+-]?[0-9]{1,2})?");
    private static readonly Lazy<TextDfa> IntegerTexts = Regular("0|-?[1-9][0-9]{0,17}");
    private static readonly Lazy<TextDfa> WhitespaceTexts = Regular(" ?|\n{1,2}[ \t]{0,20}");

    private readonly Utf8Emitter _utf8 = new(builder);
    private readonly Dictionary<CodePointSet, int> _beyondAscii = [];
    private readonly Dictionary<string, int> _rules = new(StringComparer.Ordinal);

    /// <summary>Rule of the blanks between two tokens, possibly none.</summary>
    public int Whitespace => Rule("white space", (from, to) => _utf8.AddText(from, WhitespaceTexts.Value, to));

    /// <summary>Rule of any character of a string, escaped or not.</summary>
    public int Character => Rule("character", (from, to) => AddCharacter(from, CodePointSet.All, to));

    /// <summary>Rule of any string.</summary>
    public int Text => Rule("string", (from, to) =>
    {
        var inside = builder.AddLiteral(from, "\""u8);
        AddCharacter(inside, CodePointSet.All, inside);
        builder.AddBytes(inside, '"', '"', to);
    });

    /// <summary>Rule of any number.</summary>
    public int Number => Rule("number", (from, to) => _utf8.AddText(from, NumberTexts.Value, to));

    /// <summary>Rule of any integer.</summary>
    public int Integer => Rule("integer", (from, to) => _utf8.AddText(from, IntegerTexts.Value, to));

    /// <summary>Rule of true and false.</summary>
    public int Boolean => Rule("boolean", (from, to) =>
    {
        builder.AddNothing(builder.AddLiteral(from, "true"u8), to);
        builder.AddNothing(builder.AddLiteral(from, "false"u8), to);
    });

    /// <summary>Rule of null.</summary>
    public int Null => Rule("null", (from, to) => builder.AddNothing(builder.AddLiteral(from, "null"u8), to));

    /// <summary>Rule of any object.</summary>
    public int Object => Rule("object", (from, to) => AddContainer(from, '{', '}', to, (start, end) =>
        builder.AddCall(AddColon(builder.AddCall(start, Text)), Value, end)));

    /// <summary>Rule of any array.</summary>
    public int Array => Rule("array", (from, to) => AddContainer(from, '[', ']', to, (start, end) => builder.AddCall(start, Value, end)));

    /// <summary>Rule of any value.</summary>
    public int Value => Rule("value", (from, to) =>
    {
        foreach (var rule in new[] { Object, Array, Text, Number, Boolean, Null })
        {
            builder.AddCall(from, rule, to);
        }
    });

    /// <summary>Adds a rule once under a name, or finds it. The rule exists before it is filled, so it may refer to itself.</summary>
    public int Rule(string name, Action<int, int> fill)
    {
        if (!_rules.TryGetValue(name, out var rule))
        {
            rule = builder.AddRule();
            _rules.Add(name, rule);
            fill(builder.Entry(rule), builder.End(rule));
        }

        return rule;
    }

    /// <summary>Adds edges that take one character of a string in any spelling that JSON has for it (of plain ASCII only if all of it may stand here).</summary>
    public void AddCharacter(int from, CodePointSet set, int to)
    {
        _utf8.AddCharacter(from, set.Intersect(Plain), to);
        var ascii = set.Intersect(Ascii);
        var isAllAscii = ascii.Equals(Ascii);
        var escaped = isAllAscii ? ascii : ascii.Intersect(CodePointSet.Of((0, 0x1F)));
        var shorts = JsonSpelling.ShortEscapes.Where(pair => set.Contains(pair.Character)).ToArray();
        if (shorts.Length > 0 || !escaped.IsEmpty)
        {
            var escape = builder.AddLiteral(from, "\\"u8);
            foreach (var (_, letter) in shorts)
            {
                builder.AddBytes(escape, letter, letter, to);
            }

            if (!escaped.IsEmpty)
            {
                var digits = builder.AddLiteral(escape, "u"u8);
                foreach (var (low, high) in escaped.Ranges)
                {
                    AddHex(digits, low, high, to);
                }
            }
        }

        var beyond = set.Intersect(CodePointSet.Of((0x80, CodePointSet.Max)));
        if (!beyond.IsEmpty)
        {
            builder.AddCall(from, BeyondAscii(beyond), to);
        }
    }

    /// <summary>Adds states that take a string whose decoded text is in a set, without its quotes.</summary>
    public void AddText(int from, TextDfa texts, int to) => TextStates.Add(builder, from, texts, to, AddCharacter);

    /// <summary>Adds states that take a text as it stands.</summary>
    public void AddPlainText(int from, TextDfa texts, int to) => _utf8.AddText(from, texts, to);

    /// <summary>Adds states that take what stands between a key and its value; returns the last.</summary>
    public int AddColon(int from) => builder.AddCall(builder.AddLiteral(from, ":"u8), Whitespace);

    /// <summary>Adds states that take what stands between two members; returns the last.</summary>
    public int AddComma(int from) => builder.AddCall(builder.AddLiteral(from, ","u8), Whitespace);

    /// <summary>Adds states that take exactly a value: objects with their keys in order, strings in their shortest spelling.</summary>
    public void AddConstant(int from, JsonElement value, int to)
    {
        if (value.ValueKind is not (JsonValueKind.Object or JsonValueKind.Array))
        {
            builder.AddNothing(builder.AddLiteral(from, JsonSpelling.Scalar(value)), to);
            return;
        }

        var isObject = value.ValueKind == JsonValueKind.Object;
        var state = builder.AddCall(builder.AddLiteral(from, isObject ? "{"u8 : "["u8), Whitespace);
        var isFirst = true;
        foreach (var (name, item) in Members(value))
        {
            state = isFirst ? state : AddComma(state);
            state = name is null ? state : AddColon(builder.AddLiteral(state, JsonSpelling.Text(name)));
            var next = builder.AddState();
            AddConstant(state, item, next);
            state = next;
            isFirst = false;
        }

        state = isFirst ? state : builder.AddCall(state, Whitespace);
        builder.AddBytes(state, isObject ? '}' : ']', isObject ? '}' : ']', to);
    }

    private static Lazy<TextDfa> Regular(string pattern) => new(() => RegexParser.Compile(pattern, searches: false, new CompileBudget(), pattern));

    private static IEnumerable<(string? Name, JsonElement Item)> Members(JsonElement container) => container.ValueKind == JsonValueKind.Object
        ? container.EnumerateObject().Select(property => ((string?)property.Name, property.Value))
        : container.EnumerateArray().Select(item => ((string?)null, item));

    private void AddContainer(int from, char open, char close, int to, Action<int, int> addMember)
    {
        var first = builder.AddCall(builder.AddLiteral(from, [(byte)open]), Whitespace);
        builder.AddBytes(first, close, close, to);
        var member = builder.AddState();
        builder.AddNothing(first, member);
        var after = builder.AddState();
        addMember(member, after);
        builder.AddNothing(AddComma(after), member);
        builder.AddBytes(builder.AddCall(after, Whitespace), close, close, to);
    }

    private int BeyondAscii(CodePointSet set)
    {
        if (_beyondAscii.TryGetValue(set, out var rule))
        {
            return rule;
        }

        rule = builder.AddRule();
        _beyondAscii.Add(set, rule);
        var (from, to) = (builder.Entry(rule), builder.End(rule));
        _utf8.AddCharacter(from, set, to);
        var digits = builder.AddLiteral(from, "\\u"u8);
        foreach (var (low, high) in set.Ranges)
        {
            if (low <= 0xFFFF)
            {
                AddHex(digits, low, Math.Min(high, 0xFFFF), to);
            }

            if (high > 0xFFFF)
            {
                // A surrogate pair is a number of two digits of ten bits.
                DigitRanges.Visit(Math.Max(low, 0x10000) - 0x10000, high - 0x10000, [10, 10], halves =>
                {
                    var (lead, trail) = (halves[0], halves[1]);
                    var middle = builder.AddState();
                    AddHex(digits, 0xD800 + lead.Low, 0xD800 + lead.High, middle);
                    AddHex(builder.AddLiteral(middle, "\\u"u8), 0xDC00 + trail.Low, 0xDC00 + trail.High, to);
                });
            }
        }

        return rule;
    }

    private void AddHex(int from, int low, int high, int to) => DigitRanges.Visit(low, high, [4, 4, 4, 4], digits =>
    {
        var state = from;
        for (var i = 0; i < digits.Length; i++)
        {
            var next = i == digits.Length - 1 ? to : builder.AddState();
            AddHexDigit(state, digits[i].Low, digits[i].High, next);
            state = next;
        }
    });

    private void AddHexDigit(int from, int low, int high, int to)
    {
        if (low <= 9)
        {
            builder.AddBytes(from, '0' + low, '0' + Math.Min(high, 9), to);
        }

        if (high >= 10)
        {
            builder.AddBytes(from, 'a' + Math.Max(low, 10) - 10, 'a' + high - 10, to);
            builder.AddBytes(from, 'A' + Math.Max(low, 10) - 10, 'A' + high - 10, to);
        }
    }
}
