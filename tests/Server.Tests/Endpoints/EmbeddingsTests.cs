using System.Buffers.Binary;
using System.Net;
using System.Text.Json;
using InferenceServer.Inference.Engine;
using InferenceServer.Testing;

namespace InferenceServer.Server.Tests.Endpoints;

public sealed class EmbeddingsTests
{
    [Fact]
    public async Task Embeddings_AsFloatAndBase64_AreTheSameNumbers()
    {
        await using var app = await TestApp.StartAsync();
        var numbers = (await AnswerAsync(app, """{"input":"four"}""")).GetProperty("data")[0].GetProperty("embedding");
        var base64 = (await AnswerAsync(app, """{"input":"four","encoding_format":"base64"}""")).GetProperty("data")[0].GetProperty("embedding");
        Assert.Equal([.. numbers.EnumerateArray().Select(value => value.GetSingle())], Floats(base64.GetBytesFromBase64()));
    }

    [Fact]
    public async Task Embeddings_Base64_StandsUnescapedInTheBody()
    {
        await using var app = await TestApp.StartAsync(new FakeEngine { EmbeddingLength = 64 });
        var plus = 0;
        for (var length = 1; length <= 20; length++)
        {
            using var response = await app.PostAsync("/v1/embeddings", $$"""{"input":"{{new string('x', length)}}","encoding_format":"base64"}""");
            var body = await response.Content.ReadAsStringAsync();
            Assert.DoesNotContain('\\', body);
            plus += body.Count(letter => letter is '+' or '/');
        }

        Assert.True(plus > 0, "No answer held a character that could have been escaped.");
    }

    [Fact]
    public async Task Embeddings_FewerDimensions_AreOfLengthOneAgain()
    {
        await using var app = await TestApp.StartAsync(new FakeEngine { EmbeddingLength = 8 });
        var values = (await AnswerAsync(app, """{"input":"four","dimensions":1}""")).GetProperty("data")[0].GetProperty("embedding");
        Assert.Equal(-1f, Assert.Single(values.EnumerateArray().ToArray()).GetSingle()); // cos 4 < 0
    }

    [Fact]
    public async Task Embeddings_TooLong_IsContextLengthExceeded()
    {
        await using var app = await TestApp.StartAsync(
            new FakeEngine { EmbedOutcome = new EmbedResult { Status = EmbedStatus.InputTooLong, InputIndex = 1, NumTokens = 600 } });
        var error = await ErrorAsync(app, "/v1/embeddings", """{"input":["a","b"]}""", HttpStatusCode.BadRequest);
        Assert.Equal("context_length_exceeded", error.GetProperty("code").GetString());
        Assert.Equal("input", error.GetProperty("param").GetString());
        Assert.Equal((600, 512), (error.GetProperty("n_prompt_tokens").GetInt32(), error.GetProperty("n_ctx").GetInt32()));
        Assert.Contains("'input[1]' has 600 tokens", error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(EmbedStatus.QueueFull, HttpStatusCode.TooManyRequests)]
    [InlineData(EmbedStatus.Unavailable, HttpStatusCode.ServiceUnavailable)]
    [InlineData(EmbedStatus.InputEmpty, HttpStatusCode.BadRequest)]
    [InlineData(EmbedStatus.Failed, HttpStatusCode.InternalServerError)]
    public async Task Embeddings_EveryOtherOutcome_HasItsStatus(EmbedStatus status, HttpStatusCode expected)
    {
        await using var app = await TestApp.StartAsync(new FakeEngine { EmbedOutcome = new EmbedResult { Status = status, Failure = "no such file" } });
        var error = await ErrorAsync(app, "/v1/embeddings", """{"input":"a"}""", expected);
        Assert.Equal(status == EmbedStatus.Unavailable, error.GetProperty("message").GetString() == "no such file");
    }

    [Fact]
    public async Task Embeddings_WhileLoading_AreUnavailable()
    {
        await using var app = await TestApp.StartAsync(new FakeEngine { State = EngineState.Loading });
        await ErrorAsync(app, "/v1/embeddings", """{"input":"a"}""", HttpStatusCode.ServiceUnavailable);
    }

    [Fact]
    public async Task Embeddings_StrictModel_TakesTheEmbeddingModelsNameOnly()
    {
        await using var app = await TestApp.StartAsync(("Server:StrictModel", "true"));
        await AnswerAsync(app, """{"input":"a","model":"tiny-embed"}""");
        var error = await ErrorAsync(app, "/v1/embeddings", """{"input":"a","model":"tiny-chat"}""", HttpStatusCode.NotFound);
        Assert.Equal("model_not_found", error.GetProperty("code").GetString());
    }

    [Fact]
    public async Task Embeddings_OfAReranker_AreRefused()
    {
        await using var app = await TestApp.StartAsync(new FakeEngine { EmbeddingLength = 1 });
        var error = await ErrorAsync(app, "/v1/embeddings", """{"input":"a"}""", HttpStatusCode.BadRequest);
        Assert.Contains("/v1/rerank", error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Models_EmbeddingModel_IsListedAndFound()
    {
        await using var app = await TestApp.StartAsync();
        var list = JsonDocument.Parse(await app.Client.GetStringAsync("/v1/models")).RootElement.GetProperty("data");
        Assert.Equal(["tiny-chat", "tiny-embed"], list.EnumerateArray().Select(model => model.GetProperty("id").GetString()));
        var one = JsonDocument.Parse(await app.Client.GetStringAsync("/v1/models/tiny-embed")).RootElement;
        Assert.Equal(512, one.GetProperty("max_model_len").GetInt32());
    }

    private static float[] Floats(byte[] bytes) =>
        [.. Enumerable.Range(0, bytes.Length / 4).Select(index => BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(index * 4)))];

    private static async Task<JsonElement> AnswerAsync(TestApp app, string body)
    {
        using var response = await app.PostAsync("/v1/embeddings", body);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        return JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
    }

    private static async Task<JsonElement> ErrorAsync(TestApp app, string path, string body, HttpStatusCode expected)
    {
        using var response = await app.PostAsync(path, body);
        Assert.Equal(expected, response.StatusCode);
        return JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("error");
    }
}
