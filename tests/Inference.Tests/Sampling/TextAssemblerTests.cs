using System.Text;
using FsCheck;
using FsCheck.Fluent;
using InferenceServer.Inference.Sampling;

namespace InferenceServer.Inference.Tests.Sampling;

public sealed class TextAssemblerTests
{
    [Fact]
    public void Append_RandomTextsStopsAndCuts_NothingOfTheStopLeaksAndNothingElseIsLost()
    {
        var letters = Gen.Elements("a", "b", "ß", "漢", "🙂").ListOf().Select(parts => string.Concat(parts));
        var cases =
            from text in letters.Resize(40)
            from stops in letters.Resize(4).Where(stop => stop.Length > 0).ListOf().Resize(3)
            from portions in Gen.Choose(1, 6).ListOf(200)
            select (text, stops: stops.ToArray(), portions);
        var numStopped = 0;
        Prop.ForAll(Arb.From(cases), sample =>
        {
            var (text, stops, portions) = sample;
            var assembler = new TextAssembler([.. stops]);
            var seen = new StringBuilder();
            var bytes = Encoding.UTF8.GetBytes(text).AsSpan();
            var expected = ExpectedText(text, stops);
            foreach (var portion in portions)
            {
                var token = bytes[..Math.Min(portion, bytes.Length)];
                bytes = bytes[token.Length..];
                seen.Append(assembler.Append(token, isControl: false));
                Assert.StartsWith(seen.ToString(), expected, StringComparison.Ordinal);
            }

            seen.Append(assembler.Flush());
            Assert.True(bytes.IsEmpty);
            Assert.Equal(expected, seen.ToString());
            Assert.Equal(expected.Length < text.Length, assembler.Stopped);
            numStopped += assembler.Stopped ? 1 : 0;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));
        Assert.InRange(numStopped, 200, 1_800);
    }

    [Fact]
    public void AppendMarker_BehindTextHeldBack_KeepsItsPlace()
    {
        var assembler = new TextAssembler(["STOP"]);
        Assert.Equal("a ", assembler.Append("a ST"u8, isControl: false));
        Assert.Equal("", assembler.AppendMarker("<|call|>"u8));
        Assert.Equal("", assembler.Append("O"u8, isControl: false));
        Assert.Equal("", assembler.AppendMarker("<|end|>"u8));
        Assert.Equal("ST<|call|>O<|end|> b", assembler.Append(" b"u8, isControl: false));
        Assert.Equal("<|call|>", assembler.AppendMarker("<|call|>"u8));
        Assert.Equal("", assembler.Append("S"u8, isControl: false));
        Assert.Equal("", assembler.AppendMarker("<|end|>"u8));
        Assert.Equal("", assembler.Append("TOP c"u8, isControl: false));
        Assert.Equal("", assembler.AppendMarker("<|end|>"u8));
        Assert.Equal("STOP", assembler.MatchedStop);
        Assert.Equal("", assembler.Flush());
        Assert.Equal("a STO b".Length, assembler.NumShownBytes);
    }

    [Fact]
    public void Append_NoStops_GivesEachTokenAtOnce()
    {
        var assembler = new TextAssembler([]);
        Assert.Equal("Hel", assembler.Append("Hel"u8, isControl: false));
        Assert.Equal("lo", assembler.Append("lo"u8, isControl: false));
        Assert.Equal("", assembler.Flush());
    }

    [Fact]
    public void Append_BeginningOfAStop_IsHeldUntilItCannotBeOne()
    {
        var assembler = new TextAssembler(["STOP"]);
        Assert.Equal("a", assembler.Append("aST"u8, isControl: false));
        Assert.Equal("", assembler.Append("O"u8, isControl: false));
        Assert.Equal("STO b", assembler.Append(" b"u8, isControl: false));
    }

    [Fact]
    public void Flush_BeginningOfAStopAtTheEnd_ComesOut()
    {
        var assembler = new TextAssembler(["STOP"]);
        Assert.Equal("a", assembler.Append("aSTO"u8, isControl: false));
        Assert.Equal("STO", assembler.Flush());
        Assert.False(assembler.Stopped);
    }

    [Fact]
    public void Append_StopAcrossTokens_EndsBeforeIt()
    {
        var assembler = new TextAssembler(["STOP"]);
        Assert.Equal("a ", assembler.Append("a ST"u8, isControl: false));
        Assert.Equal("", assembler.Append("OP and more"u8, isControl: false));
        Assert.True(assembler.Stopped);
        Assert.Equal("STOP", assembler.MatchedStop);
        Assert.Equal("", assembler.Append("still more"u8, isControl: false));
        Assert.Equal("", assembler.Flush());
    }

    [Fact]
    public void Append_ControlToken_NeitherShowsNorPartsTheText()
    {
        var assembler = new TextAssembler(["STOP"]);
        Assert.Equal("a", assembler.Append("aST"u8, isControl: false));
        Assert.Equal("", assembler.Append("<|im_end|>"u8, isControl: true));
        Assert.Equal("", assembler.Append("OP"u8, isControl: false));
        Assert.True(assembler.Stopped);
    }

    [Fact]
    public void Flush_UnfinishedCharacterBeforeTheStop_BecomesTheReplacementCharacter()
    {
        var assembler = new TextAssembler(["STOP"]);
        Assert.Equal("a", assembler.Append([(byte)'a', 0xE6, 0xBC], isControl: false));
        Assert.Equal("", assembler.Append("STOP"u8, isControl: false));
        Assert.Equal("\uFFFD", assembler.Flush());
    }

    [Fact]
    public void Append_FirstTokensUnderAMinimum_AreNotSearchedForStops()
    {
        var assembler = new TextAssembler(["STOP"], minTokens: 2);
        Assert.Equal("aSTOP", assembler.Append("aSTOP"u8, isControl: false));
        Assert.Equal("ST", assembler.Append("ST"u8, isControl: false));
        Assert.Equal("OP", assembler.Append("OP"u8, isControl: false));
        Assert.Equal("b", assembler.Append("bSTOP"u8, isControl: false));
        Assert.True(assembler.Stopped);
        Assert.Equal(10, assembler.NumShownBytes);
    }

    [Theory]
    [InlineData("a STOP", "and more")]
    [InlineData("a S", "TOP and more")]
    [InlineData("a STOP and more", "")]
    public void Append_StopIncluded_ShowsTheStopAndNothingBehindIt(string first, string second)
    {
        var assembler = new TextAssembler(["STOP"], includesStop: true);
        var text = assembler.Append(Encoding.UTF8.GetBytes(first), isControl: false) + assembler.Append(Encoding.UTF8.GetBytes(second), isControl: false) + assembler.Flush();
        Assert.Equal("a STOP", text);
        Assert.Equal(6, assembler.NumShownBytes);
    }

    [Fact]
    public void NumShownBytes_RandomCuts_IsTheLengthOfTheTextSoFar()
    {
        var bytes = Encoding.UTF8.GetBytes("aß漢🙂STb🙂漢ßa STO🙂");
        var random = new Random(3);
        for (var round = 0; round < 500; round++)
        {
            var assembler = new TextAssembler(["STOP"]);
            var text = "";
            for (var at = 0; at < bytes.Length;)
            {
                var length = Math.Min(random.Next(0, 4), bytes.Length - at);
                text += assembler.Append(bytes.AsSpan(at, length), isControl: false);
                at += length;
                Assert.Equal(Encoding.UTF8.GetByteCount(text), assembler.NumShownBytes);
            }

            assembler.Flush();
            Assert.Equal(bytes.Length, assembler.NumShownBytes);
        }
    }

    private static string ExpectedText(string text, string[] stops)
    {
        for (var end = 1; end <= text.Length; end++)
        {
            var longest = stops.Where(stop => text[..end].EndsWith(stop, StringComparison.Ordinal)).Select(stop => stop.Length).DefaultIfEmpty(0).Max();
            if (longest > 0)
            {
                return text[..(end - longest)];
            }
        }

        return text;
    }
}
