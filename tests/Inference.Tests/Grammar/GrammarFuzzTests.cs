using System.Diagnostics;
using System.Text;
using InferenceServer.Inference.Grammar;
using InferenceServer.Testing;

namespace InferenceServer.Inference.Tests.Grammar;

/// <summary>Random damage to sources of every language: the result is a grammar or an error with a place, soon, and nothing is thrown.</summary>
public sealed class GrammarFuzzTests
{
    private const int MutantsPerSource = 25;

    private static readonly string[] Patterns =
    [
        @"^[A-Z]{2}-\d{3}$", "(foo|bar)(-[a-z]+)*", @"^\u{1F600}?[^\]\\-]+\p{Lu}$", "(?<y>a{2,})b*?|c+?", @"\x41[\w\s.-]{0,9}",
    ];

    private static readonly string[] Gbnfs =
    [
        "root ::= (expr \"=\" term \"\\n\")+\nexpr ::= term ([-+*/] term)*\nterm ::= [a-z]+ | \"(\" expr \")\" # c\n", "root ::= \"a\"{2,3} [^\\x00-\\x1F\\]]? | .\n",
    ];

    private static readonly string[] Fragments =
        ["\\", "(", ")", "[", "]", "{", "}", "|", "*", "+", "?", "^", "$", "\"", ",", ":", "{2}", "{,}", "{9999}", "-", ".", "::=", "\n", "#", "root", "null", "true", "1e99", "-1", "\"$ref\":\"#\",", "\"anyOf\":[{}],", "\"not\":{},", "\ud800", "😀", "\0"];

    [Theory]
    [InlineData(GrammarKind.Regex)]
    [InlineData(GrammarKind.Gbnf)]
    [InlineData(GrammarKind.JsonSchema)]
    public void Compile_DamagedSource_IsAGrammarOrAnError(GrammarKind kind)
    {
        var sources = kind switch
        {
            GrammarKind.Regex => Patterns,
            GrammarKind.Gbnf => Gbnfs,
            _ => [.. SchemaCase.All.Values.Select(item => item.Schema.GetRawText())],
        };
        var random = new Random(11);
        var numCompiled = 0;
        foreach (var source in sources)
        {
            for (var i = 0; i < MutantsPerSource * (kind == GrammarKind.JsonSchema ? 1 : 20); i++)
            {
                var mutant = Mutate(source, random);
                var start = Stopwatch.GetTimestamp();
                var result = GrammarCompiler.Compile(new GrammarSource { Kind = kind, Text = mutant, IsStrict = random.Next(2) == 0 });
                Assert.True(Stopwatch.GetElapsedTime(start) < 2 * GrammarLimits.MaxCompileTime, mutant);
                Assert.True(result.Automaton is null != result.Error is null, mutant);
                Assert.True(result.Error is null || result.Error.Place.Length > 0, mutant);
                numCompiled += result.Automaton is null ? 0 : 1;
            }
        }

        Assert.True(numCompiled > 20, "Hardly a mutant was well-formed, so the compilers were not tried.");
    }

    private static string Mutate(string source, Random random)
    {
        var mutant = new StringBuilder(source);
        for (var edits = random.Next(1, 4); edits > 0; edits--)
        {
            var position = random.Next(mutant.Length + 1);
            switch (random.Next(3))
            {
                case 0 when position < mutant.Length:
                    mutant.Remove(position, Math.Min(random.Next(1, 8), mutant.Length - position));
                    break;
                case 1:
                    var length = random.Next(1, Math.Min(source.Length, 30) + 1);
                    mutant.Insert(position, source.AsSpan(random.Next(source.Length - length + 1), length));
                    break;
                default:
                    mutant.Insert(position, Fragments[random.Next(Fragments.Length)]);
                    break;
            }
        }

        return mutant.ToString();
    }
}
