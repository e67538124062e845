using System.Net;
using System.Text;
using System.Text.Json;
using InferenceServer.Inference.Models;
using InferenceServer.Server.Tests.Endpoints;
using InferenceServer.Testing;

namespace InferenceServer.Server.Tests.LlamaServer;

public sealed class NativeEndpointTests
{
    [Fact]
    public async Task Infill_OfTwoTexts_AsksByTheModelsTokensAndParsesNone()
    {
        // No model that fills gaps is at hand: the tokens are made up.
        var engine = new FakeEngine { Infill = new InfillTokens(300, 301, 302) };
        await using var app = await TestApp.StartAsync(engine);
        using var response = await app.PostAsync("/infill", """{"input_prefix":"a<|im_end|>","prompt":"b","input_suffix":"c","input_extra":[{"filename":"f.cs","text":"x"}]}""");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var tokens = Assert.Single(engine.Generations).Request.PromptTokens.ToArray();
        Assert.Equal([300, .. Encoding.UTF8.GetBytes("f.cs\nx\na<|im_end|>b").Select(unit => (int)unit), 301, 'c', 302], tokens);
        Assert.All(engine.LastPrompt!.Segments, segment => Assert.False(segment.FromTemplate));
    }

    [Fact]
    public async Task Infill_WithNothingBehind_AsksAllTheSame()
    {
        var engine = new FakeEngine { Infill = new InfillTokens(300, 301, 302) };
        await using var app = await TestApp.StartAsync(engine);
        using var response = await app.PostAsync("/infill", """{"input_prefix":"a","input_suffix":""}""");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal([300, 'a', 301, 302], Assert.Single(engine.Generations).Request.PromptTokens.ToArray());
    }

    [Fact]
    public async Task Infill_ModelWithoutTheTokens_IsRefused()
    {
        await using var app = await TestApp.StartAsync();
        using var response = await app.PostAsync("/infill", """{"input_prefix":"a","input_suffix":"b"}""");
        await RequestBodyTests.AssertErrorAsync(response, HttpStatusCode.BadRequest, "unsupported_value");
    }

    [Fact]
    public async Task Slots_WhileAnAnswerIsWritten_ShowItsNumbersAndNoText()
    {
        await using var app = await TestApp.StartAsync(new FakeEngine { IsManual = true }, ("Inference:Parallel", "2"));
        using var response = await app.StreamAsync("""{"messages":[{"role":"user","content":"secret"}],"stream":true}""");
        var generation = await app.Engine.NextAsync(TestApp.Patience);
        Assert.Equal(0, CountRunning(await SlotsAsync(app))); // it waits

        generation.Start(3);
        generation.Token("secret");
        await WaitForAsync(app, slots => slots[0].GetProperty("next_token").GetProperty("n_decoded").GetInt32() == 1);
        var slots = await SlotsAsync(app);
        Assert.Equal(2, slots.GetArrayLength());
        Assert.True(slots[0].GetProperty("is_processing").GetBoolean());
        Assert.Equal(generation.Request.Id, slots[0].GetProperty("id_task").GetInt64());
        Assert.Equal(generation.Request.PromptTokens.Length, slots[0].GetProperty("n_prompt_tokens").GetInt32());
        Assert.Equal(3, slots[0].GetProperty("n_prompt_tokens_cache").GetInt32());
        Assert.False(slots[1].GetProperty("is_processing").GetBoolean());
        Assert.DoesNotContain("secret", slots.GetRawText(), StringComparison.Ordinal);
        using var free = await app.Client.GetAsync("/slots?fail_on_no_slot=1");
        Assert.Equal(HttpStatusCode.OK, free.StatusCode);

        generation.Finish(Inference.Scheduling.FinishReason.Stop);
        await response.Content.ReadAsStringAsync();
        await WaitForAsync(app, slots => CountRunning(slots) == 0);
    }

    [Fact]
    public async Task Slots_WhileAResponseRunsInTheBackground_ShowIt()
    {
        await using var app = await TestApp.StartAsync(new FakeEngine { IsManual = true });
        using var response = await app.PostAsync("/v1/responses", """{"input":"Hi","background":true}""");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var generation = await app.Engine.NextAsync(TestApp.Patience);
        generation.Start();
        await WaitForAsync(app, slots => CountRunning(slots) == 1);
        generation.Finish(Inference.Scheduling.FinishReason.Stop);
        await WaitForAsync(app, slots => CountRunning(slots) == 0);
    }

    [Fact]
    public async Task Slots_AllInUse_FailIfAskedTo()
    {
        await using var app = await TestApp.StartAsync(new FakeEngine { IsManual = true }, ("Inference:Parallel", "1"));
        using var response = await app.StreamAsync("""{"messages":[{"role":"user","content":"Hi"}],"stream":true}""");
        var generation = await app.Engine.NextAsync(TestApp.Patience);
        generation.Start();
        await WaitForAsync(app, slots => CountRunning(slots) == 1);
        using var full = await app.Client.GetAsync("/slots?fail_on_no_slot=1");
        await RequestBodyTests.AssertErrorAsync(full, HttpStatusCode.ServiceUnavailable);
        generation.Finish(Inference.Scheduling.FinishReason.Stop);
    }

    private static async Task WaitForAsync(TestApp app, Func<JsonElement, bool> condition)
    {
        using var patience = new CancellationTokenSource(TestApp.Patience);
        while (!condition(await SlotsAsync(app)))
        {
            await Task.Delay(5, patience.Token);
        }
    }

    private static int CountRunning(JsonElement slots) => slots.EnumerateArray().Count(slot => slot.GetProperty("is_processing").GetBoolean());

    private static async Task<JsonElement> SlotsAsync(TestApp app) => JsonElement.Parse(await app.Client.GetStringAsync("/slots"));
}
