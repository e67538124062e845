using System.Text;
using FsCheck;
using FsCheck.Fluent;
using InferenceServer.Inference.Sampling;

namespace InferenceServer.Inference.Tests.Sampling;

public sealed class StopMatcherTests
{
    [Fact]
    public void Feed_RandomTextsStopsAndCuts_FindsWhatASearchOfTheWholeFinds()
    {
        // Two letters, so that stops begin in each other and in the text all the time.
        var texts = Gen.Elements('a', 'b').ListOf().Select(letters => string.Concat(letters));
        var cases =
            from text in texts.Resize(60)
            from stops in texts.Resize(6).Where(stop => stop.Length > 0).ListOf().Resize(4)
            from portions in Gen.Choose(1, 5).ListOf(60)
            select (text, stops: stops.ToArray(), portions);
        var numMatched = 0;
        Prop.ForAll(Arb.From(cases), sample =>
        {
            var (text, stops, portions) = sample;
            var expected = Search(text, stops);
            var matcher = new StopMatcher([.. stops]);
            var matched = false;
            var fed = 0;
            foreach (var portion in portions)
            {
                var length = Math.Min(portion, text.Length - fed);
                matched = matcher.Feed(Encoding.UTF8.GetBytes(text.Substring(fed, length)));
                fed += length;

                // Never lets go of what turns out to belong to the match, never holds more than could become one.
                Assert.True(matcher.NumSafe <= (expected?.Start ?? text.Length));
                Assert.True(matched || matcher.NumSafe == fed - LongestBeginning(text[..fed], stops));
                if (matched)
                {
                    break;
                }
            }

            Assert.Equal(expected is not null && expected.Value.End <= fed, matched);
            if (matched)
            {
                numMatched++;
                Assert.Equal(expected!.Value.Start, matcher.NumSafe);
                Assert.Equal(expected.Value.End, matcher.NumFed);
                Assert.Equal(text[expected.Value.Start..expected.Value.End], matcher.MatchedStop);
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));
        Assert.True(numMatched > 200, $"Only {numMatched} cases matched.");
    }

    [Fact]
    public void Feed_TwoMatchesEndTogether_TheLongerWins()
    {
        var matcher = new StopMatcher(["b", "ab"]);
        Assert.True(matcher.Feed("xab"u8));
        Assert.Equal("ab", matcher.MatchedStop);
        Assert.Equal(1, matcher.NumSafe);
    }

    [Fact]
    public void Feed_ShorterStopEndsFirst_Wins()
    {
        var matcher = new StopMatcher(["abcd", "bc"]);
        Assert.True(matcher.Feed("abcd"u8));
        Assert.Equal("bc", matcher.MatchedStop);
        Assert.Equal(1, matcher.NumSafe);
        Assert.Equal(3, matcher.NumFed);
    }

    [Fact]
    public void Feed_AfterAMatch_ChangesNothing()
    {
        var matcher = new StopMatcher(["b"]);
        Assert.True(matcher.Feed("ab"u8));
        Assert.True(matcher.Feed("b"u8));
        Assert.Equal((1, 2), (matcher.NumSafe, matcher.NumFed));
    }

    [Fact]
    public void Feed_NoStops_HoldsNothing()
    {
        var matcher = new StopMatcher([]);
        Assert.False(matcher.Feed("abc"u8));
        Assert.Equal(3, matcher.NumSafe);
        Assert.Null(matcher.MatchedStop);
    }

    [Fact]
    public void Constructor_EmptyStop_Throws() => Assert.Throws<ArgumentException>(() => new StopMatcher([""]));

    [Fact]
    public void Feed_AnyBytes_AllocatesNothing()
    {
        var matcher = new StopMatcher(["\n\nUser:", "</s>", "\n\nUs!"]);
        var text = Encoding.UTF8.GetBytes("one\n\nUse two</s three\n\nUs\n\n");
        matcher.Feed(text);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            matcher.Feed(text);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Null(matcher.MatchedStop);
    }

    /// <summary>The match that ends first, of those the one that begins first; null if there is none.</summary>
    private static (int Start, int End)? Search(string text, string[] stops)
    {
        for (var end = 1; end <= text.Length; end++)
        {
            var ending = stops.Where(stop => text[..end].EndsWith(stop, StringComparison.Ordinal)).ToArray();
            if (ending.Length > 0)
            {
                return (end - ending.Max(stop => stop.Length), end);
            }
        }

        return null;
    }

    private static int LongestBeginning(string text, string[] stops) =>
        stops.SelectMany(stop => Enumerable.Range(1, stop.Length).Select(length => stop[..length]))
            .Where(beginning => text.EndsWith(beginning, StringComparison.Ordinal))
            .Select(beginning => beginning.Length)
            .DefaultIfEmpty(0)
            .Max();
}
