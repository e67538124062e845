using System.Text;
using InferenceServer.Inference.Sampling;
using InferenceServer.Server.Streaming;

namespace InferenceServer.Server.Tests.Streaming;

public sealed class SourceLogProbsTests
{
    // As bytes of one token each; text that is no character, cut characters, characters of two units.
    [Theory]
    [InlineData("F0", "F0", "F0", "61", "62", "63")]
    [InlineData("F0 9F", "98", "80", "61")]
    [InlineData("80", "61", "E2 82", "62")]
    [InlineData("61", "F0 9F 98")]
    [InlineData("C3", "28", "F0 9F 98 80 F0", "9F 98 81", "FF", "C0 AF", "7A")]
    public void Take_AlongWithTheText_GivesEveryTokenOnce(params string[] tokens) => Check([.. tokens.Select(token => Convert.FromHexString(token.Replace(" ", "", StringComparison.Ordinal)))]);

    [Fact]
    public void Take_OfRandomBytes_GivesEveryTokenOnce()
    {
        byte[] bytes = [0x41, 0x7A, 0x80, 0xBF, 0xC3, 0xA9, 0xE2, 0x82, 0xAC, 0xF0, 0x9F, 0x98, 0xFF];
        for (var seed = 0; seed < 500; seed++)
        {
            var random = new Random(seed);
            Check([.. Enumerable.Range(0, random.Next(1, 30)).Select(_ => random.GetItems(bytes, random.Next(1, 5)))]);
        }
    }

    // The text comes as an answer's does: what is certain after each token, and the rest at the end.
    private static void Check(byte[][] tokens)
    {
        var text = new TextAssembler([]);
        var logProbs = new SourceLogProbs();
        var taken = new List<int>();
        var numCharacters = 0L;
        for (var i = 0; i < tokens.Length; i++)
        {
            logProbs.Add(new TokenLogProbs(new TokenLogProb(i, 0, tokens[i], IsControl: false), []), tokens[i]);
            Take(text.Append(tokens[i], isControl: false));
        }

        Take(text.Flush());
        Assert.Equal(Encoding.UTF8.GetString([.. tokens.SelectMany(token => token)]).Length, numCharacters);
        Assert.Equal(Enumerable.Range(0, tokens.Length), taken);

        void Take(string piece)
        {
            if (piece.Length > 0)
            {
                taken.AddRange(logProbs.Take(numCharacters, numCharacters + piece.Length).Select(each => each.Entry.Chosen.TokenId));
                numCharacters += piece.Length;
            }
        }
    }
}
