using InferenceServer.Testing;

namespace InferenceServer.Integration.Tests.Clients;

/// <summary>Ollama's package for Node, as its users install it.</summary>
[Collection(ClientCollection.Name)]
public sealed class OllamaNodeTests(ClientCollection.Fixture fixture)
{
    [SkippableFact]
    public async Task OllamaForNode_ChatGenerateStreamsErrorsAndCatalog_AreWhatItExpects()
    {
        await NodeClient.InstallAsync();
        var result = await NodeClient.RunScriptAsync("ollama-node.mjs", fixture.Server.Address.ToString());

        var text = result.GetProperty("whole").GetProperty("message").GetProperty("content").GetString();
        Assert.Contains("Paris", text, StringComparison.Ordinal);
        Assert.Equal(text, result.GetProperty("streamed").GetString());
        Assert.Equal(text, result.GetProperty("generated").GetString());
        Assert.Contains("4", result.GetProperty("raw").GetString(), StringComparison.Ordinal);
        var last = result.GetProperty("last");
        Assert.Equal((true, "stop"), (last.GetProperty("done").GetBoolean(), last.GetProperty("done_reason").GetString()));
        Assert.Equal(result.GetProperty("whole").GetProperty("eval_count").GetInt32(), last.GetProperty("eval_count").GetInt32());
        Assert.True(last.GetProperty("eval_duration").GetInt64() > 1_000_000);

        Assert.Equal(400, result.GetProperty("failed").GetProperty("status").GetInt32());
        Assert.Contains("maximum context length", result.GetProperty("failed").GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(["SmolLM2-135M-Instruct.Q4_1", "all-MiniLM-L6-v2.Q8_0"], result.GetProperty("models").EnumerateArray().Select(name => name.GetString()));
        var contextLength = result.GetProperty("contextLength").GetInt32();
        Assert.True(contextLength > 1000);
        Assert.Equal(contextLength, result.GetProperty("loaded")[0][1].GetInt32());
        Assert.Equal(["completion", "tools"], result.GetProperty("capabilities").EnumerateArray().Select(name => name.GetString()));
        Assert.Matches("^0\\.[0-9]+\\.[0-9]+$", result.GetProperty("version").GetString());
    }

    [SkippableFact]
    public async Task OllamaForNode_ThoughtTextAndCalls_ArriveAndGoBack()
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
        var result = await NodeClient.RunScriptAsync("ollama-tools-node.mjs", server.Address.ToString());

        var message = result.GetProperty("message");
        Assert.Equal(("Two cities.", "Let me look."), (message.GetProperty("thinking").GetString(), message.GetProperty("content").GetString()));
        Assert.Equal(
            ["Oslo", "Rome"],
            message.GetProperty("tool_calls").EnumerateArray().Select(call => call.GetProperty("function").GetProperty("arguments").GetProperty("city").GetString()));
        Assert.Equal(message.GetProperty("tool_calls")[0].GetProperty("function").GetRawText(), result.GetProperty("next").GetProperty("tool_calls")[0].GetProperty("function").GetRawText());
        Assert.Contains("<tool_response>\nRain in Oslo\n</tool_response>", engine.LastPrompt!.ToString(), StringComparison.Ordinal);
    }
}
