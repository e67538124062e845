using FsCheck;
using FsCheck.Fluent;
using InferenceServer.Inference.Grammar;
using InferenceServer.Inference.Grammar.Text;

namespace InferenceServer.Inference.Tests.Grammar.Text;

public sealed class TextDfaTests
{
    private static readonly string[] Patterns = ["^a*b$", "^[ab]{1,3}$", "c", "^(a|bc)+$", "^[^a]*$", "^.?b.*$"];

    [Fact]
    public void SetOperations_RandomTexts_AgreeWithTheirMeaning()
    {
        var budget = new CompileBudget();
        var sets = Patterns.Select(pattern => RegexParser.Compile(pattern, searches: true, budget, pattern)).ToArray();
        var texts = Gen.Elements('a', 'b', 'c', 'é').ListOf().Select(list => string.Concat(list.Take(6)));
        var property = Prop.ForAll(
            Arb.From(texts), Arb.From(Gen.Choose(0, sets.Length - 1)), Arb.From(Gen.Choose(0, sets.Length - 1)), (text, i, j) =>
            {
                var (left, right) = (sets[i], sets[j]);
                return left.Intersect(right, budget, "").Contains(text) == (left.Contains(text) && right.Contains(text))
                    && left.Except(right, budget, "").Contains(text) == (left.Contains(text) && !right.Contains(text))
                    && TextDfa.OfTexts([text, "ab"]).Contains("ab")
                    && TextDfa.OfTexts([text]).Contains(text)
                    && TextDfa.Any.Except(TextDfa.OfTexts([text]), budget, "").Contains(text + "a")
                    && !TextDfa.Any.Except(TextDfa.OfTexts([text]), budget, "").Contains(text)
                    && TextDfa.OfLength(2, 4).Contains(text) == text.Length is >= 2 and <= 4
                    && TextDfa.OfLength(2, null).Contains(text) == text.Length >= 2;
            });

        Check.One(Config.QuickThrowOnFailure.WithMaxTest(500), property);
    }

    [Fact]
    public void Except_Itself_IsEmpty()
    {
        var texts = RegexParser.Compile("^[a-z]{2,5}$", searches: true, new CompileBudget(), "");

        Assert.True(texts.Except(texts, new CompileBudget(), "").IsEmpty);
        Assert.False(texts.IsEmpty);
    }
}
