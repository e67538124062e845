using System.Text.Json;
using InferenceServer.Inference.Engine;
using InferenceServer.Inference.Models;
using InferenceServer.Server.Streaming;
using InferenceServer.Testing;

namespace InferenceServer.Server.Tests.Streaming;

public sealed class GeneratedTurnsTests
{
    private const string Question = """{"role":"user","content":"Where?"}""";
    private const string Next = """{"role":"user","content":"Sure?"}""";

    // The fake's ids: the first byte of each piece.
    private static readonly int[] Ids = ["In"u8[0], " "u8[0], "."u8[0]];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Answer_SentBack_IsGivenAsItWasGenerated(bool isStreamed)
    {
        await using var app = await StartAsync();
        await AskAsync(app, isStreamed, Question);
        Assert.All(app.Engine.LastPrompt!.Segments, segment => Assert.True(segment.Tokens.IsDefault));
        await AskAsync(app, isStreamed, Question, """{"role":"assistant","content":"In Oslo."}""", Next);
        Assert.Equal(Ids, Assert.Single(app.Engine.LastPrompt!.Segments, segment => segment.Text == "In Oslo.").Tokens);
        Assert.Single(app.Engine.LastPrompt!.Segments, segment => !segment.Tokens.IsDefault);
    }

    [Theory]
    [InlineData("assistant", "In Oslo. ")]
    [InlineData("assistant", "In Oslo")]
    [InlineData("user", "In Oslo.")]
    [InlineData("system", "In Oslo.")]
    public async Task Text_ThatIsNoAnswerOfOurs_IsEncoded(string role, string text)
    {
        await using var app = await StartAsync();
        await AskAsync(app, false, Question);
        await AskAsync(app, false, JsonSerializer.Serialize(new { role, content = text }), Next);
        Assert.Contains(app.Engine.LastPrompt!.Segments, segment => segment.Text == text);
        Assert.All(app.Engine.LastPrompt!.Segments, segment => Assert.True(segment.Tokens.IsDefault));
    }

    [Fact]
    public async Task Answer_EndedByAStopText_IsEncoded()
    {
        await using var app = await StartAsync();
        await app.ChatAsync($$"""{"messages":[{{Question}}],"stop":"."}""");
        await AskAsync(app, false, Question, """{"role":"assistant","content":"In Oslo."}""", Next);
        await AskAsync(app, false, Question, """{"role":"assistant","content":"In Oslo"}""", Next);
        Assert.All(app.Engine.LastPrompt!.Segments, segment => Assert.True(segment.Tokens.IsDefault));
    }

    [Fact]
    public async Task Answers_OfOtherDialects_AreGivenAsTheyWereGenerated()
    {
        await using var app = await StartAsync();
        await app.PostAsync("/v1/messages", """{"model":"m","max_tokens":50,"messages":[{"role":"user","content":"Where?"}]}""");
        await app.PostAsync(
            "/v1/messages", """{"model":"m","max_tokens":50,"messages":[{"role":"user","content":"Where?"},{"role":"assistant","content":"In Oslo."},{"role":"user","content":"Sure?"}]}""");
        Assert.Equal(Ids, Assert.Single(app.Engine.LastPrompt!.Segments, segment => segment.Text == "In Oslo.").Tokens);
    }

    [Fact]
    public void Answer_CutWithinACharacter_IsGivenAsItWasGenerated()
    {
        var turns = new GeneratedTurns(GeneratedTurns.DefaultMaxBytes);
        var turn = turns.Begin(new PromptText([new PromptSegment("<a>", FromTemplate: true)]));
        turn.Add(Token(7, "In "u8));
        turn.Add(Token(8, "🌊"u8[..2]));
        turn.Keep();
        Assert.Equal([7, 8], Recall(turns, "<a>", "In \uFFFD"));
    }

    [Fact]
    public void Answers_BeyondTheLimit_ForgetTheLeastRecentlyUsed()
    {
        // Room for two of them.
        var turns = new GeneratedTurns(maxBytes: 400);
        turns.Keep("<a>", "first", [1]);
        turns.Keep("<a>", "second", [2]);
        Assert.Equal([1], Recall(turns, "<a>", "first"));
        turns.Keep("<a>", "third", [3]);

        Assert.Equal([1], Recall(turns, "<a>", "first"));
        Assert.Empty(Recall(turns, "<a>", "second"));
        Assert.Equal([3], Recall(turns, "<a>", "third"));
    }

    [Fact]
    public void Answer_KeptAgain_TakesRoomOnceAndIsTheLatest()
    {
        var turns = new GeneratedTurns(maxBytes: 400);
        turns.Keep("<a>", "other", [1]);
        for (var token = 2; token < 100; token++)
        {
            turns.Keep("<a>", "again", [token]);
        }

        Assert.Equal([1], Recall(turns, "<a>", "other"));
        Assert.Equal([99], Recall(turns, "<a>", "again"));
    }

    [Fact]
    public void Answer_LargerThanTheLimit_IsNotKept()
    {
        var turns = new GeneratedTurns(maxBytes: 400);
        turns.Keep("<a>", "short", [1]);
        turns.Keep("<a>", "long", [.. Enumerable.Range(0, 500)]);
        Assert.Empty(Recall(turns, "<a>", "long"));
        Assert.Equal([1], Recall(turns, "<a>", "short"));
    }

    [Fact]
    public void Answer_BehindAHeaderThatSharesItsLetters_IsAnother()
    {
        var turns = new GeneratedTurns(GeneratedTurns.DefaultMaxBytes);
        turns.Keep("<a>", "bc", [1]);
        Assert.Empty(Recall(turns, "<a>b", "c"));
        Assert.Empty(Recall(turns, "<", "a>bc"));
        Assert.Equal([1], Recall(turns, "<a>", "bc"));
    }

    private static GenerationEvent Token(int id, ReadOnlySpan<byte> bytes) => new() { Kind = GenerationEventKind.Token, TokenId = id, Bytes = bytes.ToArray() };

    // None: it was not known.
    private static int[] Recall(GeneratedTurns turns, string header, string text)
    {
        var recalled = turns.Recall(new PromptText([new PromptSegment(header, FromTemplate: true), new PromptSegment(text, FromTemplate: false)]));
        return recalled.Segments[1].Tokens is { IsDefault: false } tokens ? [.. tokens] : [];
    }

    private static Task<TestApp> StartAsync() => TestApp.StartAsync(new FakeEngine { Reply = ["In", " Oslo", "."] });

    private static async Task AskAsync(TestApp app, bool isStreamed, params string[] messages)
    {
        using var response = await app.ChatAsync($$"""{"messages":[{{string.Join(',', messages)}}],"stream":{{(isStreamed ? "true" : "false")}}}""");
        Assert.True(response.IsSuccessStatusCode);
        await response.Content.ReadAsStringAsync();
    }
}
