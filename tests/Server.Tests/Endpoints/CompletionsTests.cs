using System.Net.Http.Json;
using System.Text.Json;
using InferenceServer.Inference.Models;
using InferenceServer.Inference.Scheduling;
using InferenceServer.Testing;

namespace InferenceServer.Server.Tests.Endpoints;

public sealed class CompletionsTests
{
    [Fact]
    public async Task Completion_Submitted_CarriesWhatTheClientSaid()
    {
        await using var app = await TestApp.StartAsync();
        using var response = await app.PostAsync(
            "/v1/completions",
            """{"prompt":"ab","max_tokens":7,"stop":"x","stop_token_ids":[5,5,6],"min_tokens":3,"logprobs":2,"echo":true,"cache_prompt":false,"service_tier":"flex"}""");
        var request = Assert.Single(app.Engine.Generations).Request;

        Assert.Equal(['a', 'b'], request.PromptTokens.ToArray().Select(token => (char)token));
        Assert.Equal((7, 3), (request.MaxOutputTokens, request.MinOutputTokens));
        Assert.Equal([5, 6], request.StopTokens.ToArray());
        Assert.Equal("x", Assert.Single(request.Stop));
        Assert.Equal((2, 2), (request.TopLogProbs, request.PromptTopLogProbs));
        Assert.False(request.ReusePrefix);
        Assert.Equal(RequestClass.Flex, request.Class);
        Assert.Equal([new PromptSegment("ab", FromTemplate: true)], app.Engine.LastPrompt!.Segments.ToArray());
    }

    [Fact]
    public async Task Completion_BestOf_AnswersWithTheHighestMeanAndCountsAll()
    {
        await using var app = await TestApp.StartAsync(new FakeEngine { IsManual = true });
        var answer = app.PostAsync("/v1/completions", """{"prompt":"a","best_of":3,"n":2}""");
        foreach (var text in (string[])["long", "a", "bb"])
        {
            var generation = await app.Engine.NextAsync(TestApp.Patience);
            generation.Start();
            generation.Token(text);
            generation.Finish(FinishReason.Length);
        }

        var body = await (await answer).Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal(["a", "bb"], body.GetProperty("choices").EnumerateArray().Select(choice => choice.GetProperty("text").GetString()));
        Assert.Equal([0, 1], body.GetProperty("choices").EnumerateArray().Select(choice => choice.GetProperty("index").GetInt32()));
        Assert.All(body.GetProperty("choices").EnumerateArray(), choice => Assert.Equal(JsonValueKind.Null, choice.GetProperty("logprobs").ValueKind));
        Assert.Equal(3, body.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
    }

    [Fact]
    public async Task Completion_Suffix_IsPutIntoTheModelsOrder()
    {
        var engine = new FakeEngine { Infill = new InfillTokens(900, 901, 902) };
        await using var app = await TestApp.StartAsync(engine);
        using var response = await app.PostAsync("/v1/completions", """{"prompt":"ab","suffix":"c"}""");

        Assert.Equal([900, 'a', 'b', 901, 'c', 902], Assert.Single(engine.Generations).Request.PromptTokens.ToArray());
    }

    [Fact]
    public async Task Completion_TooManyPrompts_IsARequestError()
    {
        await using var app = await TestApp.StartAsync(("Inference:Parallel", "2"), ("Inference:MaxWaiting", "2"));
        using var response = await app.PostAsync("/v1/completions", """{"prompt":["a","b","c","d","e"]}""");

        Assert.Equal(400, (int)response.StatusCode);
        Assert.Equal("prompt", (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("error").GetProperty("param").GetString());
    }

    [Fact]
    public async Task Completion_PromptOverTheContext_IsARequestErrorThatNamesIt()
    {
        await using var app = await TestApp.StartAsync();
        using var response = await app.PostAsync("/v1/completions", $$"""{"prompt":["a","{{new string('x', TestApp.ContextLength)}}"]}""");
        var error = (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("error");

        Assert.Equal(("context_length_exceeded", "prompt"), (error.GetProperty("code").GetString(), error.GetProperty("param").GetString()));
        Assert.Empty(app.Engine.Generations);
    }

    [Fact]
    public async Task Completion_StopTokenWithText_IsShownOnlyIfAskedFor()
    {
        foreach (var (field, expected) in ((string, string)[])[("false", "a"), ("true", "ab")])
        {
            await using var app = await TestApp.StartAsync(new FakeEngine { IsManual = true });
            var answer = app.PostAsync("/v1/completions", $$"""{"prompt":"x","stop_token_ids":[98],"include_stop_str_in_output":{{field}}}""");
            var generation = await app.Engine.NextAsync(TestApp.Patience);
            generation.Start();
            generation.Token("a");
            generation.StopToken("b");
            generation.Finish(FinishReason.Stop);
            var body = await (await answer).Content.ReadFromJsonAsync<JsonElement>();
            Assert.Equal(expected, body.GetProperty("choices")[0].GetProperty("text").GetString());
        }
    }
}
