using System.Text;
using InferenceServer.Inference.Models;
using InferenceServer.Inference.Sampling;
using InferenceServer.Server.Streaming;

namespace InferenceServer.Server.Tests.Streaming;

public sealed class LogProbQueueTests
{
    [Fact]
    public void Show_PartOfAToken_HoldsItBack()
    {
        var queue = new LogProbQueue();
        queue.Add(Entry("ab"), "ab"u8);
        queue.Add(Entry("cd"), "cd"u8);
        queue.Show(3);
        Assert.Equal(["ab"], Names(queue));
        queue.Clear();
        queue.Show(4);
        Assert.Equal(["cd"], Names(queue));
    }

    [Fact]
    public void End_InsideAToken_KeepsItAndDropsWhatIsBehind()
    {
        var queue = new LogProbQueue();
        queue.Add(Entry("ab"), "ab"u8);
        queue.Add(Entry("cST"), "cST"u8);
        queue.Add(Entry("OP"), "OP"u8);
        queue.End(3);
        Assert.Equal(["ab", "cST"], Names(queue));
    }

    [Fact]
    public void Add_PartsOfACharacter_StandWhereTheCharacterDoes()
    {
        var queue = new LogProbQueue();
        var bytes = Encoding.UTF8.GetBytes("ß🙂x");
        foreach (var value in bytes)
        {
            queue.Add(Entry("?"), [value]);
        }

        queue.Show(bytes.Length);
        Assert.Equal([0, 0, 1, 1, 1, 1, 2], queue.Ready.Select(entry => entry.TextOffset));
    }

    [Fact]
    public void AddTo_BeginningAndSpaceInFront_TakeNoPlaceInTheText()
    {
        var echo = new PromptEcho("Hi you", [Piece("<s>"), Piece(" Hi"), Piece(" you")]);
        var queue = new LogProbQueue();
        echo.AddTo(queue, [Entry(" Hi"), Entry(" you")]);
        queue.Show(echo.NumBytes);
        Assert.Equal([0, 0, 2], queue.Ready.Select(entry => entry.TextOffset));
        var wire = WireLogProbs.ToCompletion(queue.Ready);
        Assert.Equal([null, -1f, -1f], wire.TokenLogProbs);
        Assert.Null(wire.TopLogProbs[0]);
    }

    [Fact]
    public void ToCompletion_NumbersAndBytesThatJsonCannotHave_AreReplaced()
    {
        var impossible = new TokenLogProb(1, float.NegativeInfinity, new byte[] { 0xE2, 0x82 }, false);
        var wire = WireLogProbs.ToCompletion([new PlacedLogProbs(new TokenLogProbs(impossible, [new TokenLogProb(2, -1, "a"u8.ToArray(), false), new TokenLogProb(3, -2, "a"u8.ToArray(), false)]), 0)]);
        Assert.Equal([-9999f], wire.TokenLogProbs);
        Assert.Equal(["bytes:\\xe2\\x82"], wire.Tokens);
        Assert.Equal(new Dictionary<string, float> { ["a"] = -1, ["bytes:\\xe2\\x82"] = -9999 }, wire.TopLogProbs[0]);
        Assert.Equal(-9999f, WireLogProbs.Finite(float.NaN));
    }

    private static string[] Names(LogProbQueue queue) => [.. queue.Ready.Select(entry => Encoding.UTF8.GetString(entry.Entry.Chosen.Bytes.Span))];

    private static TokenPiece Piece(string text) => new(1, Encoding.UTF8.GetBytes(text), false);

    private static TokenLogProbs Entry(string text) => new(new TokenLogProb(1, -1, Encoding.UTF8.GetBytes(text), false), []);
}
