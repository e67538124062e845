using InferenceServer.Inference.Grammar.Automata;

namespace InferenceServer.Inference.Grammar.Text;

/// <summary>Makes the automaton of a regular expression that the whole output matches.</summary>
internal static class RegexCompiler
{
    /// <summary>The automaton.</summary>
    /// <exception cref="GrammarException">Not well-formed, not regular, too complex, or nothing matches.</exception>
    public static Automaton Compile(string pattern, CompileBudget budget)
    {
        var texts = RegexParser.Compile(pattern, searches: false, budget, "pattern");
        var builder = new AutomatonBuilder(budget) { Place = "pattern" };
        var root = builder.AddRule();
        new Utf8Emitter(builder).AddText(builder.Entry(root), texts, builder.End(root));
        return builder.Build(root);
    }
}
