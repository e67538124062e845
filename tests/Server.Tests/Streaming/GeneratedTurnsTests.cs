using System.Text.Json;
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

    private static Task<TestApp> StartAsync() => TestApp.StartAsync(new FakeEngine { Reply = ["In", " Oslo", "."] });

    private static async Task AskAsync(TestApp app, bool isStreamed, params string[] messages)
    {
        using var response = await app.ChatAsync($$"""{"messages":[{{string.Join(',', messages)}}],"stream":{{(isStreamed ? "true" : "false")}}}""");
        Assert.True(response.IsSuccessStatusCode);
        await response.Content.ReadAsStringAsync();
    }
}
