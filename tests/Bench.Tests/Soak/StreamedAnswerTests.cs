using System.Text;
using InferenceServer.Bench.Soak;

namespace InferenceServer.Bench.Tests.Soak;

public sealed class StreamedAnswerTests
{
    private const string Text = """{"choices":[{"delta":{"content":"a"},"logprobs":{"content":[{"token":"a"}]},"finish_reason":null}]}""";
    private const string End = """{"choices":[{"delta":{},"finish_reason":"length"}]}""";
    private const string Usage = """{"choices":[],"usage":{"completion_tokens":2}}""";
    private const string Error = """{"error":{"message":"The engine ended."}}""";
    private const string Done = "[DONE]";

    [Fact]
    public async Task Read_OfAWholeAnswer_HasItAll()
    {
        var answer = await ReadAsync(Text, Text, End, Usage, Done);
        Assert.Equal(Ending.Answered, answer.Outcome.Ending);
        Assert.Equal(("aa", "length", 2, 2), (answer.Text, answer.FinishReason, answer.CompletionTokens, answer.NumLogProbs));
    }

    [Theory]
    [InlineData(nameof(Ending.Failed), Text, Error)]
    [InlineData(nameof(Ending.Failed), Text, Error, Done)]
    [InlineData(nameof(Ending.Lost))]
    [InlineData(nameof(Ending.Lost), Text)]
    [InlineData(nameof(Ending.Lost), Text, Done)]
    [InlineData(nameof(Ending.Lost), Text, End)]
    [InlineData(nameof(Ending.Doubled), Text, End, End, Done)]
    [InlineData(nameof(Ending.Doubled), Text, End, Error, Done)]
    [InlineData(nameof(Ending.Doubled), Text, End, Text, Done)]
    [InlineData(nameof(Ending.Doubled), Text, End, Done, Text)]
    [InlineData(nameof(Ending.Doubled), Text, End, Done, Done)]
    public async Task Read_OfAnotherEnd_SaysWhich(string ending, params string[] events) => Assert.Equal(ending, (await ReadAsync(events)).Outcome.Ending.ToString());

    private static async Task<StreamedAnswer> ReadAsync(params string[] events)
    {
        var answer = new StreamedAnswer();
        using var body = new MemoryStream(Encoding.UTF8.GetBytes(string.Concat(events.Select(data => $"data: {data}\n\n"))));
        await answer.ReadAsync(body, TimeSpan.Zero, CancellationToken.None);
        return answer;
    }
}
