namespace InferenceServer.Inference.Grammar.Json;

/// <summary>What to do about what cannot be enforced: an error under strict, else a warning. One thread.</summary>
internal sealed class SchemaIssues(bool isStrict)
{
    private readonly OrderedDictionary<string, string> _warnings = new(StringComparer.Ordinal);

    /// <summary>True: nothing may be left out.</summary>
    public bool IsStrict => isStrict;

    /// <summary>The warnings, each once.</summary>
    public IEnumerable<string> Warnings => _warnings.Select(pair => $"{pair.Key}: {pair.Value}");

    /// <summary>Says that something cannot be enforced.</summary>
    /// <exception cref="GrammarException">Under strict.</exception>
    public void Unsupported(string message, string place)
    {
        if (isStrict)
        {
            throw new GrammarException(GrammarErrorKind.Unsupported, message, place);
        }

        _warnings[place] = message;
    }
}
