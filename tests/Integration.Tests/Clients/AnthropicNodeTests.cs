using System.Text.Json;
using InferenceServer.Testing;

namespace InferenceServer.Integration.Tests.Clients;

/// <summary>Anthropic's package for Node, as its users install it.</summary>
[Collection(ClientCollection.Name)]
public sealed class AnthropicNodeTests(ClientCollection.Fixture fixture)
{
    [SkippableFact]
    public async Task AnthropicForNode_MessagesStreamCountErrorsAndAbort_AreWhatItExpects()
    {
        await NodeClient.InstallAsync();
        var result = await NodeClient.RunScriptAsync("anthropic-node.mjs", fixture.Server.Address.ToString());

        var whole = result.GetProperty("whole");
        Assert.Contains("Paris", whole.GetProperty("content")[0].GetProperty("text").GetString(), StringComparison.Ordinal);
        Assert.Equal("end_turn", whole.GetProperty("stop_reason").GetString());
        Assert.StartsWith("req_", result.GetProperty("requestId").GetString(), StringComparison.Ordinal);
        Assert.Equal(result.GetProperty("requestId").GetString(), result.GetProperty("header").GetString());

        var streamed = result.GetProperty("streamed");
        Assert.Equal(whole.GetProperty("content").GetRawText(), streamed.GetProperty("content").GetRawText());
        Assert.Equal(whole.GetProperty("stop_reason").GetString(), streamed.GetProperty("stop_reason").GetString());
        var types = result.GetProperty("types").EnumerateArray().Select(type => type.GetString()).ToList();
        Assert.Equal(["message_start", "content_block_start"], types[..2]);
        Assert.Equal(["content_block_stop", "message_delta", "message_stop"], types[^3..]);

        var usage = streamed.GetProperty("usage");
        Assert.Equal(whole.GetProperty("usage").GetProperty("output_tokens").GetInt32(), usage.GetProperty("output_tokens").GetInt32());
        Assert.Equal(result.GetProperty("count").GetInt32(), PromptTokens(usage));
        Assert.Equal(result.GetProperty("count").GetInt32(), PromptTokens(whole.GetProperty("usage")));

        Assert.True(Cached(result.GetProperty("next")) > result.GetProperty("count").GetInt32() / 2);
        Assert.Contains("Paris", result.GetProperty("prefilled").GetString(), StringComparison.Ordinal);
        var overlong = result.GetProperty("overlong");
        Assert.Equal((400, "BadRequestError", "invalid_request_error"), (overlong.GetProperty("status").GetInt32(), overlong.GetProperty("name").GetString(), overlong.GetProperty("type").GetString()));
        Assert.Matches("^prompt is too long: [0-9]+ tokens > [0-9]+ maximum$", overlong.GetProperty("message").GetString());
        Assert.True(overlong.GetProperty("hasId").GetBoolean());

        AssertBillingHeaderCostsNothing(result.GetProperty("turns"));
        Assert.Equal(4, result.GetProperty("events").GetInt32());
        Assert.All(result.GetProperty("models").EnumerateArray(), model => Assert.Equal(("model", false), (model[0].GetString(), model[3].GetBoolean())));
        await fixture.Server.WaitUntilIdleAsync(); // the stream that was left is over
    }

    [SkippableFact]
    public async Task AnthropicForNode_ThoughtTextAndCalls_ArePutTogetherAndGoBack()
    {
        await NodeClient.InstallAsync();

        // The embedded model neither thinks nor calls by itself: what a model that does would write, in its own notation.
        var engine = new FakeEngine
        {
            Reply =
            [
                "<think>", "\nTwo", " cities.\n", "</think>", "\n\n", "Let me", " look.\n", "<tool_call>\n{\"name\": \"get_weather\", ", "\"arguments\": {\"city\"", ": \"Oslo\"}}\n</tool_call>",
                "\n<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Rome\"}}\n</tool_call>",
            ],
        };
        await using var server = await RunningServer.StartAsync(engine, ("Inference:ChatTemplate", ReferenceTemplates.FileOf("Qwen-Qwen3-0.6B")));
        var result = await NodeClient.RunScriptAsync("anthropic-tools-node.mjs", server.Address.ToString());

        foreach (var answer in new[] { result.GetProperty("whole"), result.GetProperty("streamed") })
        {
            var content = answer.GetProperty("content").EnumerateArray().ToList();
            Assert.Equal(["thinking", "text", "tool_use", "tool_use"], content.Select(block => block.GetProperty("type").GetString()));
            Assert.Equal("Two cities.", content[0].GetProperty("thinking").GetString());
            Assert.Equal("Let me look.", content[1].GetProperty("text").GetString());
            Assert.Equal(["Oslo", "Rome"], content[2..].Select(block => block.GetProperty("input").GetProperty("city").GetString()));
            Assert.All(content[2..], block => Assert.StartsWith("toolu_", block.GetProperty("id").GetString(), StringComparison.Ordinal));
            Assert.Equal("tool_use", answer.GetProperty("stop_reason").GetString());
        }

        Assert.Equal(4, result.GetProperty("blocks").GetArrayLength());
        var prompt = engine.LastPrompt!.ToString();
        Assert.Contains("<tool_response>\nRain in Oslo\n</tool_response>", prompt, StringComparison.Ordinal);
        Assert.Contains("\"name\": \"get_weather\", \"arguments\": {\"city\": \"Rome\"}", prompt, StringComparison.Ordinal);
    }

    // A header in front that is another one in every turn would leave nothing to find in the cache.
    private static void AssertBillingHeaderCostsNothing(JsonElement turns)
    {
        var second = turns[1];
        Assert.True(PromptTokens(second) > 400);
        Assert.True(Cached(second) >= 0.95 * PromptTokens(second), second.GetRawText());
    }

    private static int Cached(JsonElement usage) => usage.GetProperty("cache_read_input_tokens").GetInt32();

    private static int PromptTokens(JsonElement usage) => usage.GetProperty("input_tokens").GetInt32() + Cached(usage);
}
