using InferenceServer.Inference.Grammar;
using InferenceServer.Inference.Grammar.Automata;
using InferenceServer.Inference.Grammar.Text;

namespace InferenceServer.Inference.Tests.Grammar.Text;

public sealed class CodePointSetTests
{
    [Fact]
    public void Normalize_UnorderedTouchingRanges_AreMergedWithoutSurrogates()
    {
        var set = CodePointSet.Of(('c', 'd'), ('a', 'b'), (0xD000, 0xE010), ('b', 'b'));

        Assert.Equal([('a', 'd'), (0xD000, 0xD7FF), (0xE000, 0xE010)], set.Ranges.Select(range => (range.Low, range.High)));
    }

    [Fact]
    public void Complement_Twice_IsTheSame()
    {
        var set = CodePointSet.Of((0, 5), ('x', 'z'), (0x10FFF0, CodePointSet.Max));

        Assert.Equal(set, set.Complement().Complement());
        Assert.True(set.Intersect(set.Complement()).IsEmpty);
        Assert.Equal(CodePointSet.All, set.Union(set.Complement()));
        Assert.True(CodePointSet.All.Complement().IsEmpty);
    }

    // Every boundary of UTF-8's lengths and of the surrogates, against the runtime's own encoder.
    [Theory]
    [InlineData(0x41, 0x41)]
    [InlineData(0x00, 0x10FFFF)]
    [InlineData(0x7F, 0x80)]
    [InlineData(0x7FF, 0x800)]
    [InlineData(0xFFF, 0x1001)]
    [InlineData(0xD000, 0xE123)]
    [InlineData(0xFFFF, 0x10000)]
    [InlineData(0x1F600, 0x1F64F)]
    [InlineData(0x10FF00, 0x10FFFF)]
    public void AddCharacter_RangeAsUtf8_TakesExactlyItsCharacters(int low, int high)
    {
        var set = CodePointSet.Of((low, high));
        var builder = new AutomatonBuilder(new CompileBudget());
        var rule = builder.AddRule("character");
        new Utf8Emitter(builder).AddCharacter(builder.Entry(rule), set, builder.End(rule));
        var automaton = builder.Build(rule);
        var bytes = new byte[4];
        for (var codePoint = 0; codePoint <= CodePointSet.Max; codePoint += codePoint is > 0x3000 and < 0xC000 or > 0x20000 and < 0x100000 ? 97 : 1)
        {
            if (System.Text.Rune.TryCreate(codePoint, out var rune))
            {
                var length = rune.EncodeToUtf8(bytes);
                Assert.True(automaton.Matches(bytes.AsSpan(0, length)) == (codePoint >= low && codePoint <= high), $"U+{codePoint:X}");
            }
        }

        Assert.False(automaton.Matches([0xED, 0xA0, 0x80])); // a surrogate
        Assert.False(automaton.Matches([0xC0, 0x80])); // too long a form
        Assert.False(automaton.Matches([0xF4, 0x90, 0x80, 0x80])); // beyond Unicode
    }
}
