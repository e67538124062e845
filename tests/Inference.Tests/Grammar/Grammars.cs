using System.Text;
using InferenceServer.Inference.Grammar;
using InferenceServer.Inference.Grammar.Automata;

namespace InferenceServer.Inference.Tests.Grammar;

/// <summary>Compiles what a test writes down.</summary>
internal static class Grammars
{
    public static GrammarResult Compile(GrammarKind kind, string text, bool isStrict = false) =>
        GrammarCompiler.Compile(new GrammarSource { Kind = kind, Text = text, IsStrict = isStrict });

    public static Automaton Schema(string text, bool isStrict = true) => Of(GrammarKind.JsonSchema, text, isStrict);

    public static Automaton Of(GrammarKind kind, string text, bool isStrict = false)
    {
        var result = Compile(kind, text, isStrict);
        Assert.Null(result.Error);
        return result.Automaton!;
    }

    public static GrammarError Refused(GrammarKind kind, string text, bool isStrict = false)
    {
        var result = Compile(kind, text, isStrict);
        Assert.Null(result.Automaton);
        return result.Error!;
    }

    public static bool Matches(this Automaton automaton, string text) => automaton.Matches(Encoding.UTF8.GetBytes(text));
}
