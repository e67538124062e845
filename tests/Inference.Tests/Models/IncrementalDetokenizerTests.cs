using System.Text;
using FsCheck;
using FsCheck.Fluent;
using InferenceServer.Inference.Models;

namespace InferenceServer.Inference.Tests.Models;

public sealed class IncrementalDetokenizerTests
{
    [Fact]
    public void Append_RandomBytesCutAnywhere_JoinedEqualsDecodingTheWhole()
    {
        // Lead bytes, continuations and the limits of each, so that nearly right sequences are common.
        var bytes = Gen.Elements<byte>(
            0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF);
        CheckCuts(bytes.ListOf().Resize(40).Select(list => list.ToArray()));
    }

    [Fact]
    public void Append_RandomTextCutAnywhere_JoinedEqualsTheText()
    {
        var runes = Gen.Choose(0, 0x10_FFFF).Where(Rune.IsValid).ListOf().Resize(20);
        CheckCuts(runes.Select(list => Encoding.UTF8.GetBytes(string.Concat(list.Select(value => new Rune(value).ToString())))));
    }

    [Fact]
    public void Append_TextCutAtEveryByte_EmitsOnlyWholeCharacters()
    {
        const string Text = "aß漢🙂é";
        var detokenizer = new IncrementalDetokenizer();
        var outputs = Encoding.UTF8.GetBytes(Text).Select(value => detokenizer.Append([value])).ToList();
        Assert.Equal(["a", "", "ß", "", "", "漢", "", "", "", "🙂", "", "é"], outputs);
        Assert.Equal("", detokenizer.Flush());
    }

    [Fact]
    public void Flush_UnfinishedCharacter_BecomesOneReplacementCharacterAndStartsAnew()
    {
        var detokenizer = new IncrementalDetokenizer();
        Assert.Equal("a", detokenizer.Append([0x61, 0xF0, 0x9F, 0x99]));
        Assert.Equal("\uFFFD", detokenizer.Flush());
        Assert.Equal("b", detokenizer.Append("b"u8));
        Assert.Equal("", detokenizer.Flush());
    }

    [Fact]
    public void Append_LongToken_ComesOutWhole()
    {
        var text = string.Concat(Enumerable.Repeat("x漢🙂", 500));
        Assert.Equal(text, new IncrementalDetokenizer().Append(Encoding.UTF8.GetBytes(text)));
    }

    [Fact]
    public void Append_NoCompleteCharacter_AllocatesNothing()
    {
        var detokenizer = new IncrementalDetokenizer();
        detokenizer.Append([0xF0]);
        var before = GC.GetAllocatedBytesForCurrentThread();
        detokenizer.Append([0x9F]);
        detokenizer.Append([0x99]);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void CheckCuts(Gen<byte[]> texts)
    {
        var cases = from text in texts from portions in Gen.Choose(0, 4).ListOf(60) select (text, portions);
        Prop.ForAll(Arb.From(cases), sample =>
        {
            var whole = Encoding.UTF8.GetString(sample.text);
            Assert.Equal(whole, Join(sample.text, Enumerable.Repeat(1, sample.text.Length)));
            Assert.Equal(whole, Join(sample.text, sample.portions));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(3_000));
    }

    private static string Join(byte[] bytes, IEnumerable<int> portions)
    {
        var detokenizer = new IncrementalDetokenizer();
        var joined = new StringBuilder();
        var at = 0;
        foreach (var portion in portions)
        {
            var end = Math.Min(bytes.Length, at + portion);
            var text = detokenizer.Append(bytes.AsSpan(at..end));
            Assert.True(text.Length == 0 || (!char.IsHighSurrogate(text[^1]) && !char.IsLowSurrogate(text[0])));
            joined.Append(text);
            at = end;
        }

        return joined.Append(detokenizer.Append(bytes.AsSpan(at))).Append(detokenizer.Flush()).ToString();
    }
}
