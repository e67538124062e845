using System.Text;
using InferenceServer.Inference.Models;

namespace InferenceServer.Inference.Tests.Models;

public sealed class LongTextCutterTests
{
    [Theory]
    [InlineData(" ")]
    [InlineData("-")]
    [InlineData("a")]
    [InlineData("Я")]
    [InlineData("漢")]
    [InlineData("7")]
    [InlineData("🙂")]
    [InlineData("\u00A0")]
    public void FindCut_RunOfOneClass_IsCutAtItsLimit(string character)
    {
        var length = Encoding.UTF8.GetByteCount(character);
        Assert.Equal(LongTextCutter.MaxRun * length, Cut(Repeat(character, LongTextCutter.MaxRun + 1)));
        Assert.Equal(LongTextCutter.MaxRun * length, Cut(Repeat(character, LongTextCutter.MaxRun)));
    }

    [Fact]
    public void FindCut_RunAfterOtherText_CountsFromItsOwnStart() =>
        Assert.Equal(4 + LongTextCutter.MaxRun, Cut("ab 7" + Repeat("-", 2 * LongTextCutter.MaxRun)));

    [Theory]
    [InlineData("e\u0301")]
    [InlineData("!\u0301")]
    public void FindCut_MarksOnLettersOrSigns_CountIntoTheRun(string unit)
    {
        var cut = Cut(Repeat(unit, LongTextCutter.MaxRun));
        Assert.InRange(cut, LongTextCutter.MaxRun, LongTextCutter.MaxRun * 3);
        Assert.Equal(LongTextCutter.MaxRun, Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(Repeat(unit, LongTextCutter.MaxRun)), 0, cut).Length);
    }

    [Fact]
    public void FindCut_LongLinesOfWords_IsCutBeforeTheLastSpaceBetweenLetters()
    {
        var cut = Cut(Repeat("word, other words. ", 10_000));
        Assert.InRange(cut, LongTextCutter.MaxCall - 30, LongTextCutter.MaxCall);
        Assert.Equal(" words. ", Repeat("word, other words. ", 10_000)[cut..(cut + 8)]);
    }

    [Fact]
    public void FindCut_LongText_IsCutBeforeALineEndAfterALetter()
    {
        var text = Repeat("12345 one\n67890 ", 10_000);
        var cut = Cut(text);
        Assert.InRange(cut, LongTextCutter.MaxCall - 30, LongTextCutter.MaxCall);
        Assert.Equal("one\n", text[(cut - 3)..(cut + 1)]);
    }

    [Fact]
    public void FindCut_LongTextWithoutAGoodPlace_IsCutAtTheLimit() =>
        Assert.Equal(LongTextCutter.MaxCall, Cut(Repeat("A1", LongTextCutter.MaxCall)));

    [Fact]
    public void FindCut_AnyText_AdvancesAndNeverCutsACharacter()
    {
        var random = new Random(7);
        string[] parts = [" ", "\n", "word", "🙂", "e\u0301", "--", "123", "漢字", "\u2003"];
        for (var round = 0; round < 20; round++)
        {
            var text = new StringBuilder();
            while (text.Length < 100_000)
            {
                text.Append(Repeat(parts[random.Next(parts.Length)], random.Next(1, random.Next(1, 20_000))));
            }

            var bytes = Encoding.UTF8.GetBytes(text.ToString());
            for (var rest = bytes.AsSpan(); !rest.IsEmpty;)
            {
                var cut = LongTextCutter.FindCut(rest);
                Assert.InRange(cut, 1, rest.Length);
                Assert.True(cut == rest.Length || (rest[cut] & 0xC0) != 0x80);
                Assert.True(Encoding.UTF8.GetString(rest[..cut]).EnumerateRunes().Count() <= LongTextCutter.MaxCall);
                rest = rest[cut..];
            }
        }
    }

    private static int Cut(string text) => LongTextCutter.FindCut(Encoding.UTF8.GetBytes(text));

    private static string Repeat(string unit, int count) => string.Concat(Enumerable.Repeat(unit, count));
}
