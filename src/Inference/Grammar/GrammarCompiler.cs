using InferenceServer.Inference.Grammar.Gbnf;
using InferenceServer.Inference.Grammar.Json;
using InferenceServer.Inference.Grammar.Text;

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
        try
        {
            switch (source.Kind)
            {
                case GrammarKind.JsonSchema:
                    var (automaton, warnings) = JsonSchemaCompiler.Compile(source, budget);
                    return new GrammarResult { Automaton = automaton, Warnings = [.. warnings] };
                case GrammarKind.JsonObject:
                    return new GrammarResult { Automaton = JsonSchemaCompiler.CompileAnyObject(budget) };
                case GrammarKind.Regex:
                    return new GrammarResult { Automaton = RegexCompiler.Compile(source.Text, budget) };
                default:
                    return new GrammarResult { Automaton = GbnfCompiler.Compile(source.Text, budget) };
            }
        }
        catch (GrammarException exception)
        {
            return new GrammarResult { Error = exception.Error };
        }
    }
}
