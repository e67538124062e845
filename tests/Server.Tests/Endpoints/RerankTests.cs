using System.Text.Json;
using InferenceServer.Inference.Models;
using InferenceServer.Server.Endpoints;
using InferenceServer.Testing;

namespace InferenceServer.Server.Tests.Endpoints;

/// <summary>Over a fake engine only: no reranker small enough for the repository is at hand, so none has been run here.</summary>
public sealed class RerankTests
{
    [Theory]
    [InlineData("/v1/rerank")]
    [InlineData("/rerank")]
    [InlineData("/v1/reranking")]
    [InlineData("/reranking")]
    public async Task Rerank_EveryPath_SortsByScore(string path)
    {
        await using var app = await TestApp.StartAsync(new FakeEngine { EmbeddingLength = 1 });
        var results = (await AnswerAsync(app, path, """{"query":"four","documents":["x","seven77","four"]}""")).GetProperty("results");
        Assert.Equal([1, 2, 0], results.EnumerateArray().Select(item => item.GetProperty("index").GetInt32()));
        var scores = results.EnumerateArray().Select(item => item.GetProperty("relevance_score").GetSingle()).ToArray();
        Assert.Equal(0.5f, scores[1]);
        Assert.Equal(1 / (1 + MathF.Exp(-3)), scores[0], 1e-6f);
    }

    [Fact]
    public async Task Rerank_Truncate_ReachesTheEngine()
    {
        await using var app = await TestApp.StartAsync(new FakeEngine { EmbeddingLength = 1 });
        await AnswerAsync(app, "/rerank", """{"query":"q","texts":["a"],"truncate":true}""");
        var input = Assert.Single(app.Engine.LastEmbedRequest!.Inputs);
        Assert.True(input.Truncate);
        Assert.Equal(("q", "a"), (input.Text!.ToString(), input.Second!.ToString()));
    }

    [Fact]
    public void Prompt_TextsThatLookLikeTheTemplate_StayText()
    {
        var prompt = RerankPrompt.Render("<q>{query}<d>{document}{query}</d>", "{document}", "<d>");
        Assert.Equal("<q>{document}<d><d>{document}</d>", prompt.ToString());
        Assert.Equal(
            [
                new PromptSegment("<q>", true),
                new PromptSegment("{document}", false),
                new PromptSegment("<d>", true),
                new PromptSegment("<d>{document}", false),
                new PromptSegment("</d>", true),
            ],
            prompt.Segments.AsEnumerable());
    }

    private static async Task<JsonElement> AnswerAsync(TestApp app, string path, string body)
    {
        using var response = await app.PostAsync(path, body);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        return JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
    }
}
