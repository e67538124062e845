using InferenceServer.Inference.Grammar.Automata;
using InferenceServer.Inference.Grammar.Text;

namespace InferenceServer.Inference.Grammar.Json;

/// <summary>Strings with lengths, patterns and formats. One thread.</summary>
internal sealed class StringPiece(AutomatonBuilder builder, JsonEmitter json, SchemaIssues issues, CompileBudget budget)
{
    private readonly Dictionary<string, TextDfa?> _patterns = new(StringComparer.Ordinal);

    /// <summary>The rule of the strings that the parts allow.</summary>
    public int RuleOf(SchemaParts parts, string place)
    {
        var max = parts.MaxLength == int.MaxValue ? null : parts.MaxLength;
        if (max > GrammarLimits.MaxStates / 2)
        {
            issues.Unsupported($"\"maxLength\" can be enforced up to {GrammarLimits.MaxStates / 2}.", $"{place}/maxLength");
            max = null;
        }

        var patterns = parts.Patterns.DistinctBy(pattern => pattern.Pattern).ToList();
        if (patterns.Count == 0 && parts.Formats.Count == 0)
        {
            return parts.MinLength == 0 && max is null ? json.Text : json.Rule($"string {parts.MinLength} {max}", (from, to) => AddLength(from, parts.MinLength, max, to));
        }

        var name = $"string {parts.MinLength} {max} {string.Join(' ', parts.Formats)} {string.Join('\n', patterns.Select(pattern => pattern.Pattern))}";
        return json.Rule(name, (from, to) =>
        {
            var inside = builder.AddLiteral(from, "\""u8);
            var end = builder.AddState();
            builder.AddBytes(end, '"', '"', to);
            json.AddText(inside, FindTexts(parts, patterns, max, place), end);
        });
    }

    /// <summary>The texts in which a pattern is found; null if it cannot be enforced, which was said as a warning.</summary>
    public TextDfa? FindPattern(string pattern, string place)
    {
        if (_patterns.TryGetValue(pattern, out var texts))
        {
            return texts;
        }

        try
        {
            texts = RegexParser.Compile(pattern, searches: true, budget, place);
        }
        catch (GrammarException exception) when (!issues.IsStrict && exception.Error.Kind is GrammarErrorKind.Unsupported)
        {
            issues.Unsupported(exception.Error.Message, exception.Error.Place);
        }

        _patterns.Add(pattern, texts);
        return texts;
    }

    private TextDfa FindTexts(SchemaParts parts, List<(string Pattern, string Place)> patterns, int? max, string place)
    {
        var texts = parts.MinLength == 0 && max is null ? TextDfa.Any : TextDfa.OfLength(parts.MinLength, max);
        foreach (var pattern in patterns)
        {
            if (FindPattern(pattern.Pattern, pattern.Place) is { } found)
            {
                texts = found.Intersect(texts, budget, pattern.Place);
            }
        }

        foreach (var format in parts.Formats)
        {
            texts = StringFormats.Find(format)!.Intersect(texts, budget, place);
        }

        return texts;
    }

    private void AddLength(int from, int min, int? max, int to)
    {
        var state = builder.AddLiteral(from, "\""u8);
        for (var i = 0; i < min; i++)
        {
            state = builder.AddCall(state, json.Character);
        }

        var end = builder.AddState();
        builder.AddBytes(end, '"', '"', to);
        for (var i = min; i < max; i++)
        {
            builder.AddNothing(state, end);
            state = builder.AddCall(state, json.Character);
        }

        if (max is null)
        {
            builder.AddCall(state, json.Character, state);
        }

        if (max is null || max >= min)
        {
            builder.AddNothing(state, end);
        }
    }
}
