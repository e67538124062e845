namespace InferenceServer.Inference.Grammar;

/// <summary>Makes an automaton of a source in any of the languages. Any thread; bounded by <see cref="GrammarLimits"/>.</summary>
internal static class GrammarCompiler
{
    /// <summary>Compiles; whatever is wrong with the source is in the result.</summary>
    public static GrammarResult Compile(GrammarSource source)
    {
        if (source.Text.Length > GrammarLimits.MaxSourceLength)
        {
            return new GrammarResult { Error = new GrammarError(GrammarErrorKind.TooComplex, $"Longer than {GrammarLimits.MaxSourceLength} characters.", "offset 0") };
        }

        var budget = new CompileBudget();
        var composer = new GrammarComposer(budget);
        try
        {
            var automaton = composer.Compile(source);
            return new GrammarResult { Automaton = automaton, Warnings = [.. composer.Warnings] };
        }
        catch (GrammarException exception)
        {
            return new GrammarResult { Error = exception.Error };
        }
    }
}
