using System.Text.Json;
using InferenceServer.Testing;

namespace InferenceServer.Integration.Tests.Clients;

/// <summary>Thoughts, calls and structured answers, as the packages of their makers put them together. docs/acceptance.md numbers these checks.</summary>
[Collection(ClientCollection.Name)]
public sealed class ToolClientTests(ClientCollection.Fixture fixture)
{
    // The embedded model neither thinks nor calls by itself: what a model that does would write, in its own notation.
    private static FakeEngine Engine => new()
    {
        Reply =
        [
            "<think>", "\nTwo", " cities.\n", "</think>", "\n\n", "Let me", " look.\n", "<tool_call>\n{\"name\": \"get_weather\", ", "\"arguments\": {\"city\"", ": \"Oslo\", \"days\": 3}}\n</tool_call>",
            "\n<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Rome\", \"days\": 3}}\n</tool_call>",
        ],
    };

    private static readonly (string, string?) Template = ("Inference:ChatTemplate", ReferenceTemplates.FileOf("Qwen-Qwen3-0.6B"));

    /// <summary>Checks 1 and 18.</summary>
    [SkippableFact]
    public async Task OpenAiForNode_TwoCallsInAStream_AreThoseOfTheWholeAnswerAndGoBack()
    {
        await NodeClient.InstallAsync();
        await using var server = await RunningServer.StartAsync(Engine, Template);
        var result = await NodeClient.RunScriptAsync("acceptance-openai-node.mjs", server.ApiAddress.ToString(), "parallel");

        AssertSame(result);
        var message = MessageOf(result.GetProperty("streamed"));
        Assert.Equal("Let me look.", message.GetProperty("content").GetString());
        Assert.Equal("Two cities.", MessageOf(result.GetProperty("whole")).GetProperty("reasoning_content").GetString());
        Assert.Equal("""[[0,"get_weather",{"city":"Oslo","days":3}],[1,"get_weather",{"city":"Rome","days":3}]]""", result.GetProperty("done").GetRawText());
    }

    /// <summary>Checks 1 and 18 over the embedded model, which is made to call.</summary>
    [SkippableFact]
    public async Task OpenAiForNode_ForcedCallInAStream_IsThatOfTheWholeAnswerAndGoesBack()
    {
        await NodeClient.InstallAsync();
        var result = await NodeClient.RunScriptAsync("acceptance-openai-node.mjs", fixture.Server.ApiAddress.ToString(), "single");

        AssertSame(result);
        var done = result.GetProperty("done");
        Assert.Equal(1, done.GetArrayLength());
        Assert.Contains(done[0][2].GetProperty("city").GetString(), new[] { "Oslo", "Rome", "Paris" });
        Assert.InRange(done[0][2].GetProperty("days").GetInt32(), 1, 9);
        Assert.False(string.IsNullOrEmpty(result.GetProperty("again").GetString()));
    }

    /// <summary>Check 13.</summary>
    [SkippableFact]
    public async Task AnthropicForNode_Blocks_FollowOneAnotherAndTokensAddUp()
    {
        await NodeClient.InstallAsync();
        var engine = Engine;
        engine.NumCachedTokens = 7;
        await using var server = await RunningServer.StartAsync(engine, Template);
        var result = await NodeClient.RunScriptAsync("acceptance-anthropic-node.mjs", server.Address.ToString());

        var open = -1;
        var last = -1;
        foreach (var block in result.GetProperty("blocks").EnumerateArray())
        {
            var (type, index) = (block[0].GetString(), block[1].GetInt32());
            if (type == "content_block_start")
            {
                Assert.Equal((-1, last + 1), (open, index));
                open = last = index;
            }
            else
            {
                Assert.Equal(open, index);
                open = type == "content_block_stop" ? -1 : open;
            }
        }

        Assert.Equal((-1, 3), (open, last));
        Assert.True(result.GetProperty("delta").GetProperty("usage").GetProperty("output_tokens").GetInt32() > 0);
        Assert.Equal(["thinking", "text", "tool_use", "tool_use"], result.GetProperty("content").EnumerateArray().Select(block => block.GetProperty("type").GetString()));
        Assert.Equal("Rome", result.GetProperty("content")[3].GetProperty("input").GetProperty("city").GetString());
        var usage = result.GetProperty("usage");
        Assert.Equal(7, usage.GetProperty("cache_read_input_tokens").GetInt32());
        Assert.Equal(result.GetProperty("count").GetInt32(), usage.GetProperty("input_tokens").GetInt32() + 7);
    }

    /// <summary>Check 14.</summary>
    [SkippableFact]
    public async Task OpenAiForNode_EventsOfAResponse_AreNumberedAndTheirItemsAreTheResponses()
    {
        await NodeClient.InstallAsync();
        await using var server = await RunningServer.StartAsync(Engine, Template);
        var result = await NodeClient.RunScriptAsync("acceptance-responses-node.mjs", server.ApiAddress.ToString());

        var numbers = result.GetProperty("numbers").EnumerateArray().Select(number => number.GetInt32()).ToArray();
        Assert.Equal(Enumerable.Range(0, numbers.Length), numbers);
        var types = result.GetProperty("types").EnumerateArray().Select(type => type.GetString()).ToArray();
        Assert.Equal(("response.created", "response.completed"), (types[0], types[^1]));
        Assert.Equal(result.GetProperty("completed").GetRawText(), result.GetProperty("done").GetRawText());
        Assert.Equal("[0,1,2,3]", result.GetProperty("indexes").GetRawText());
        Assert.Equal("""["reasoning","message","function_call","function_call"]""", result.GetProperty("final").GetRawText());
    }

    [SkippableFact]
    public async Task AiSdk_TextStreamObjectAndForcedCall_AreWhatItExpects()
    {
        await NodeClient.InstallAsync();
        var result = await NodeClient.RunScriptAsync("ai-sdk-node.mjs", fixture.Server.ApiAddress.ToString());

        Assert.Contains("Paris", result.GetProperty("whole").GetString(), StringComparison.Ordinal);
        Assert.Equal(result.GetProperty("whole").GetString(), result.GetProperty("streamed").GetString());
        Assert.Equal("""["stop","stop"]""", result.GetProperty("finish").GetRawText());
        Assert.All(result.GetProperty("usage").EnumerateArray(), usage => Assert.True(usage.GetProperty("outputTokens").GetInt32() > 0));
        var structured = result.GetProperty("structured");
        Assert.InRange(structured.GetProperty("name").GetString()!.Length, 0, 12);
        Assert.InRange(structured.GetProperty("age").GetInt32(), 0, 120);
        Assert.Contains(structured.GetProperty("mood").GetString(), new[] { "good", "bad" });
        var inputs = result.GetProperty("inputs");
        Assert.Equal(1, inputs.GetArrayLength());
        Assert.Contains(inputs[0].GetProperty("city").GetString(), new[] { "Oslo", "Rome" });
        Assert.Equal("tool-calls", result.GetProperty("steps")[0].GetString());
        Assert.Equal(2, result.GetProperty("steps").GetArrayLength());
        var types = result.GetProperty("types").EnumerateArray().Select(type => type.GetString()).ToArray();
        Assert.Contains("tool-call", types);
        Assert.Contains("tool-result", types);
        Assert.Contains("text-delta", types);
    }

    // The stream that the package put together against the whole answer: all but what is another one every time, and the thought, of which the package
    // keeps the last delta only.
    private static void AssertSame(JsonElement result)
    {
        var (whole, streamed) = (MessageOf(result.GetProperty("whole")), MessageOf(result.GetProperty("streamed")));
        Assert.Equal(Calls(whole), Calls(streamed));
        foreach (var name in new[] { "role", "content", "refusal" })
        {
            Assert.Equal(Text(whole, name), Text(streamed, name));
        }

        Assert.Equal(FinishOf(result.GetProperty("whole")), FinishOf(result.GetProperty("streamed")));
        Assert.Equal("tool_calls", FinishOf(result.GetProperty("whole")));
        Assert.All(whole.GetProperty("tool_calls").EnumerateArray(), call => Assert.StartsWith("call_", call.GetProperty("id").GetString(), StringComparison.Ordinal));

        static string[] Calls(JsonElement message) => [.. message.GetProperty("tool_calls").EnumerateArray().Select(call => call.GetProperty("type").GetString() + call.GetProperty("function").GetProperty("name") + call.GetProperty("function").GetProperty("arguments"))];
        static string? Text(JsonElement message, string name) => message.TryGetProperty(name, out var value) ? value.GetString() : null;
        static string? FinishOf(JsonElement completion) => completion.GetProperty("choices")[0].GetProperty("finish_reason").GetString();
    }

    private static JsonElement MessageOf(JsonElement completion) => completion.GetProperty("choices")[0].GetProperty("message");
}
