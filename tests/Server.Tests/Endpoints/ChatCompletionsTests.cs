using System.Net;
using System.Text.Json;
using InferenceServer.Inference.Engine;
using InferenceServer.Inference.Scheduling;
using InferenceServer.Testing;

namespace InferenceServer.Server.Tests.Endpoints;

public sealed class ChatCompletionsTests
{
    private const string Hi = """{"messages":[{"role":"user","content":"Hi"}]}""";

    [Fact]
    public async Task Chat_Submitted_CarriesWhatTheClientSaid()
    {
        await using var app = await TestApp.StartAsync(("Inference:Sampling:TopP", "0.7"));
        using var response = await app.ChatAsync(
            """{"messages":[{"role":"user","content":"Hi"}],"temperature":0.25,"max_tokens":9,"stop":"x","seed":5,"ignore_eos":true,"cache_prompt":false,"cache_salt":"s","service_tier":"priority"}""");
        var request = Assert.Single(app.Engine.Generations).Request;
        Assert.Equal(0.25f, request.Sampling.Temperature);
        Assert.Equal(0.7f, request.Sampling.TopP);
        Assert.Equal(5, request.Sampling.Seed);
        Assert.Equal(9, request.MaxOutputTokens);
        Assert.Equal("x", Assert.Single(request.Stop));
        Assert.True(request.IgnoreEos);
        Assert.False(request.ReusePrefix);
        Assert.Equal("s", request.CacheSalt);
        Assert.Equal(RequestClass.Priority, request.Class);
        Assert.Equal("priority", (await JsonAsync(response)).GetProperty("service_tier").GetString());
    }

    [Theory]
    [InlineData("chat/completions", "in_memory", true)]
    [InlineData("chat/completions", "24h", false)]
    [InlineData("completions", "in-memory", true)]
    [InlineData("completions", "24h", false)]
    [InlineData("responses", "in_memory", true)]
    [InlineData("responses", "24h", false)]
    public async Task Request_CacheRetention_SaysWhetherItMayGoToDisk(string endpoint, string retention, bool onlyInMemory)
    {
        await using var app = await TestApp.StartAsync();
        var content = endpoint switch
        {
            "chat/completions" => "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]",
            "completions" => "\"prompt\":\"Hi\"",
            _ => "\"input\":\"Hi\"",
        };
        using var response = await app.PostAsync($"/v1/{endpoint}", $$"""{"model":"any",{{content}},"prompt_cache_retention":"{{retention}}"}""");
        Assert.True(response.IsSuccessStatusCode);
        Assert.Equal(onlyInMemory, Assert.Single(app.Engine.Generations).Request.OnlyInMemory);
    }

    [Theory]
    [InlineData("")]
    [InlineData(",\"max_tokens\":1000000000000")]
    [InlineData(",\"max_tokens\":-1")]
    public async Task Chat_MaxTokensBeyondContext_IsClampedToWhatFits(string field)
    {
        await using var app = await TestApp.StartAsync();
        using var response = await app.ChatAsync($$"""{"messages":[{"role":"user","content":"Hi"}]{{field}}}""");
        var request = Assert.Single(app.Engine.Generations).Request;
        Assert.Equal(TestApp.ContextLength - request.PromptTokens.Length, request.MaxOutputTokens);
    }

    [Fact]
    public async Task Chat_PromptAsLongAsContext_IsRefusedAndOneShorterIsNot()
    {
        await using var app = await TestApp.StartAsync();
        using var probe = await app.ChatAsync(Hi);
        var overhead = app.Engine.Generations[0].Request.PromptTokens.Length - 2;
        using var full = await app.ChatAsync($$"""{"messages":[{"role":"user","content":"{{new string('x', TestApp.ContextLength - overhead)}}"}]}""");
        await RequestBodyTests.AssertErrorAsync(full, HttpStatusCode.BadRequest, "context_length_exceeded");
        using var fits = await app.ChatAsync($$"""{"messages":[{"role":"user","content":"{{new string('x', TestApp.ContextLength - overhead - 1)}}"}]}""");
        Assert.Equal(HttpStatusCode.OK, fits.StatusCode);
        Assert.Equal(1, app.Engine.Generations[^1].Request.MaxOutputTokens);
    }

    [Fact]
    public async Task Chat_SeveralChoices_HaveSeedsOfTheirOwn()
    {
        await using var app = await TestApp.StartAsync();
        using var response = await app.ChatAsync("""{"messages":[{"role":"user","content":"Hi"}],"n":3,"seed":9}""");
        var seeds = app.Engine.Generations.Select(generation => generation.Request.Sampling.Seed).ToArray();
        Assert.Equal(9, seeds[0]);
        Assert.Equal(3, seeds.Distinct().Count());
        Assert.Equal(3, app.Engine.Generations.Select(generation => generation.Request.Id).Distinct().Count());
        Assert.Equal([0, 1, 2], (await JsonAsync(response)).GetProperty("choices").EnumerateArray().Select(choice => choice.GetProperty("index").GetInt32()));
    }

    [Fact]
    public async Task Chat_WithoutSeed_GetsADifferentOneEachTime()
    {
        await using var app = await TestApp.StartAsync();
        using var one = await app.ChatAsync(Hi);
        using var two = await app.ChatAsync(Hi);
        Assert.NotEqual(app.Engine.Generations[0].Request.Sampling.Seed, app.Engine.Generations[1].Request.Sampling.Seed);
    }

    [Fact]
    public async Task Chat_QueueFullAtSecondChoice_AbortsTheFirst()
    {
        await using var app = await TestApp.StartAsync(new FakeEngine { Capacity = 1, IsManual = true });
        using var response = await app.ChatAsync("""{"messages":[{"role":"user","content":"Hi"}],"n":2}""");
        await RequestBodyTests.AssertErrorAsync(response, HttpStatusCode.TooManyRequests, "rate_limit_exceeded");
        Assert.NotNull(response.Headers.RetryAfter);
        await Assert.Single(app.Engine.Generations).Aborted.WaitAsync(TestApp.Patience);
    }

    [Fact]
    public async Task Chat_BeyondAdmission_IsRefusedAtOnceAndAdmittedLater()
    {
        await using var app = await TestApp.StartAsync(new FakeEngine { IsManual = true }, ("Inference:Parallel", "1"), ("Inference:MaxWaiting", "1"));
        var first = app.ChatAsync(Hi);
        var second = app.ChatAsync(Hi);
        var generations = new[] { await app.Engine.NextAsync(TestApp.Patience), await app.Engine.NextAsync(TestApp.Patience) };

        // Not even looked at: the body is wrong, but the answer is 429.
        using (var third = await app.ChatAsync("""{"messages":5}"""))
        {
            await RequestBodyTests.AssertErrorAsync(third, HttpStatusCode.TooManyRequests, "rate_limit_exceeded");
            Assert.NotNull(third.Headers.RetryAfter);
        }

        foreach (var generation in generations)
        {
            generation.Play(["ok"], 0);
        }

        Assert.Equal(HttpStatusCode.OK, (await first).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await second).StatusCode);
        await TestApp.UntilAsync(() => app.Gate.NumTaken == 0);
        app.Engine.IsManual = false;
        using var fourth = await app.ChatAsync(Hi);
        Assert.Equal(HttpStatusCode.OK, fourth.StatusCode);
    }

    [Fact]
    public async Task Chat_MoreChoicesThanCouldEverQueue_IsBadRequest()
    {
        await using var app = await TestApp.StartAsync(("Inference:Parallel", "1"), ("Inference:MaxWaiting", "1"));
        using var response = await app.ChatAsync("""{"messages":[{"role":"user","content":"Hi"}],"n":3}""");
        await RequestBodyTests.AssertErrorAsync(response, HttpStatusCode.BadRequest, "integer_above_max_value");
    }

    [Theory]
    [InlineData(EngineState.Loading, true)]
    [InlineData(EngineState.Recovering, true)]
    [InlineData(EngineState.Stopping, true)]
    [InlineData(EngineState.Failed, false)]
    public async Task Chat_EngineNotReady_Is503(EngineState state, bool retry)
    {
        await using var app = await TestApp.StartAsync(new FakeEngine { State = state });
        using var response = await app.ChatAsync(Hi);
        await RequestBodyTests.AssertErrorAsync(response, HttpStatusCode.ServiceUnavailable);
        Assert.Equal(retry, response.Headers.RetryAfter is not null);
        Assert.Equal(!retry, response.Headers.Contains("x-should-retry"));
    }

    [Fact]
    public async Task Chat_DeviceFails_Is500ThatNobodyRetries()
    {
        await using var app = await TestApp.StartAsync(new FakeEngine { IsManual = true });
        var pending = app.ChatAsync(Hi);
        var generation = await app.Engine.NextAsync(TestApp.Patience);
        generation.Start();
        generation.Token("Hal");
        generation.Finish(FinishReason.Error);
        using var response = await pending;
        await RequestBodyTests.AssertErrorAsync(response, HttpStatusCode.InternalServerError);
        Assert.Equal("false", response.Headers.GetValues("x-should-retry").Single());
    }

    [Fact]
    public async Task Chat_ClientLeaves_AbortsAndFreesItsPlace()
    {
        await using var app = await TestApp.StartAsync(new FakeEngine { IsManual = true });
        using var gone = new CancellationTokenSource();
        var pending = app.StreamAsync(Hi, gone.Token);
        var generation = await app.Engine.NextAsync(TestApp.Patience);
        generation.Start();
        Assert.Equal(1, app.Gate.NumTaken);
        await gone.CancelAsync();
        await generation.Aborted.WaitAsync(TestApp.Patience);
        await TestApp.UntilAsync(() => app.Gate.NumTaken == 0);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pending);
    }

    [Theory]
    [InlineData("anything", HttpStatusCode.OK)]
    [InlineData("tiny-chat", HttpStatusCode.OK)]
    public async Task Chat_ModelName_IsTakenAsItComesAndAnsweredWithTheServedOne(string name, HttpStatusCode status)
    {
        await using var app = await TestApp.StartAsync();
        using var response = await app.ChatAsync($$"""{"model":"{{name}}","messages":[{"role":"user","content":"Hi"}]}""");
        Assert.Equal(status, response.StatusCode);
        Assert.Equal("tiny-chat", (await JsonAsync(response)).GetProperty("model").GetString());
    }

    [Fact]
    public async Task Chat_UnknownModelOnStrictServer_Is404()
    {
        await using var app = await TestApp.StartAsync(("Server:StrictModel", "true"));
        using var response = await app.ChatAsync("""{"model":"gpt-4","messages":[{"role":"user","content":"Hi"}]}""");
        await RequestBodyTests.AssertErrorAsync(response, HttpStatusCode.NotFound, "model_not_found");
    }

    internal static async Task<JsonElement> JsonAsync(HttpResponseMessage response) =>
        JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
}
