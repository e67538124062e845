using InferenceServer.Inference.Grammar.Automata;

namespace InferenceServer.Inference.Grammar.Text;

/// <summary>Makes a rule of a regular expression that the whole text matches.</summary>
internal static class RegexCompiler
{
    /// <summary>Adds the rule of a pattern.</summary>
    /// <exception cref="GrammarException">Not well-formed, not regular, or too complex.</exception>
    public static int AddTo(AutomatonBuilder builder, string pattern, CompileBudget budget)
    {
        var texts = RegexParser.Compile(pattern, searches: false, budget, "pattern");
        builder.Place = "pattern";
        var root = builder.AddRule();
        new Utf8Emitter(builder).AddText(builder.Entry(root), texts, builder.End(root));
        return root;
    }
}
