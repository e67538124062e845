using System.Text.Json.Nodes;
using InferenceServer.Inference.Sampling;
using InferenceServer.Inference.Scheduling;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Tests.Validation;

public sealed class ChatRequestValidatorTests
{
    [Fact]
    public void Validate_WithEverything_ReadsEverything()
    {
        var request = Read(
            """
            {"model":"m","messages":[{"role":"user","content":"Hi","name":"Ann"}],"n":3,"stream":true,"stream_options":{"include_usage":true},
             "max_tokens":5,"max_completion_tokens":7.0,"stop":["a","","b","a"],"temperature":0.5,"top_p":0.9,"top_k":-1,"min_p":0.1,"repetition_penalty":1.2,
             "repeat_last_n":-1,"presence_penalty":1,"frequency_penalty":-1,"logit_bias":{"5":-100,"6":1.5},"seed":42,"ignore_eos":true,"cache_prompt":false,
             "cache_salt":"s","add_generation_prompt":false,"chat_template_kwargs":{"enable_thinking":false},"reasoning_effort":"low","service_tier":"flex",
             "tools":[{"type":"function","function":{"name":"f"}}],"unknown":{"x":1}}
            """);
        Assert.Equal("m", request.Model);
        Assert.Equal("Ann", request.Prompt.Messages.Single().Name);
        Assert.Equal(3, request.NumChoices);
        Assert.True(request.Stream);
        Assert.True(request.IncludeUsage);
        Assert.Equal(7, request.MaxOutputTokens);
        Assert.Equal(["a", "b"], request.End.Stop.ToArray());
        Assert.Equal(0.5f, request.Sampling.Temperature);
        Assert.Equal(0.9f, request.Sampling.TopP);
        Assert.Equal(0, request.Sampling.TopK);
        Assert.Equal(0.1f, request.Sampling.MinP);
        Assert.Equal(1.2f, request.Sampling.RepeatPenalty);
        Assert.Equal(-1, request.Sampling.RepeatLastN);
        Assert.Equal(1f, request.Sampling.PresencePenalty);
        Assert.Equal(-1f, request.Sampling.FrequencyPenalty);
        Assert.Equal([new LogitBias(5, -100), new LogitBias(6, 1.5f)], request.Sampling.LogitBias.ToArray());
        Assert.Equal(42, request.Sampling.Seed);
        Assert.True(request.End.IgnoreEos);
        Assert.False(request.ReusePrefix);
        Assert.Equal("s", request.CacheSalt);
        Assert.False(request.Prompt.AddGenerationPrompt);
        Assert.Equal(["enable_thinking", "reasoning_effort"], request.Prompt.Variables!.Keys.Order());
        Assert.Equal(RequestClass.Flex, request.Class);
        Assert.Single(request.Prompt.Tools);
    }

    [Fact]
    public void Validate_Minimal_LeavesTheRestToTheServer()
    {
        var request = ChatRequestFieldTests.Valid("""{"messages":[{"role":"user","content":"Hi"}]}""");
        Assert.Null(request.Model);
        Assert.Equal(1, request.NumChoices);
        Assert.False(request.Stream);
        Assert.Null(request.MaxOutputTokens);
        Assert.Empty(request.End.Stop);
        Assert.Null(request.Sampling.Temperature);
        Assert.Null(request.Sampling.Seed);
        Assert.True(request.ReusePrefix);
        Assert.True(request.Prompt.AddGenerationPrompt);
        Assert.Null(request.Prompt.Variables);
        Assert.Empty(request.Prompt.Tools);
    }

    [Theory]
    [InlineData("\"max_tokens\":-1")]
    [InlineData("\"max_tokens\":9,\"max_completion_tokens\":-1", 9)]
    [InlineData("\"max_tokens\":99999999999999999999", int.MaxValue)]
    public void Validate_MaxTokens_ClampsAndTakesMinusOneForUnlimited(string fields, int? expected = null) =>
        Assert.Equal(expected, Read($$"""{"messages":[{"role":"user","content":"Hi"}],{{fields}}}""").MaxOutputTokens);

    [Fact]
    public void Validate_BiasesAsPairs_TakesFalseForForbidden()
    {
        var request = Read("""{"messages":[{"role":"user","content":"Hi"}],"logit_bias":[[5,false],[6,2],[6,3]]}""");
        Assert.Equal([new LogitBias(5, float.NegativeInfinity), new LogitBias(6, 3)], request.Sampling.LogitBias.ToArray());
    }

    [Theory]
    [InlineData("\"tools\":[]")]
    [InlineData("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}],\"tool_choice\":\"none\"")]
    public void Validate_NoUsableTools_ShowsNone(string fields) =>
        Assert.Empty(Read($$"""{"messages":[{"role":"user","content":"Hi"}],{{fields}}}""").Prompt.Tools);

    [Fact]
    public void Validate_OldFunctions_BecomeTools()
    {
        var request = Read("""{"messages":[{"role":"user","content":"Hi"}],"functions":[{"name":"f","parameters":{"type":"object"}}]}""");
        var tool = Assert.Single(request.Prompt.Tools);
        Assert.Equal("""{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}""", tool.GetRawText());
    }

    [Fact]
    public void Validate_AssistantFromOurOwnAnswer_IsTakenAgain()
    {
        var request = Read(
            """
            {"messages":[{"role":"user","content":"Hi"},
             {"role":"assistant","content":null,"refusal":null,"annotations":[],"audio":null,"function_call":null,"reasoning_content":"Hm.","reasoning_details":[{}],
              "tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]},
             {"role":"tool","tool_call_id":"call_1","name":"f","content":[{"type":"text","text":"4","cache_control":{"type":"ephemeral"}},{"type":"text","text":"2"}]},
             {"role":"assistant","content":[],"tool_calls":null}]}
            """);
        var (call, answer, empty) = (request.Prompt.Messages[1], request.Prompt.Messages[2], request.Prompt.Messages[3]);
        Assert.Null(call.Content);
        Assert.Equal("Hm.", call.Reasoning);
        var made = Assert.Single(call.ToolCalls);
        Assert.Equal(("call_1", "f", """{"a":1}"""), (made.Id, made.Name, made.Arguments));
        Assert.Equal("call_1", answer.ToolCallId);
        Assert.Equal(["4", "2"], answer.Parts.ToArray());
        Assert.Empty(empty.Parts);
        Assert.Empty(empty.ToolCalls);
    }

    [Fact]
    public void Validate_CallsInEveryForm_AreRead()
    {
        var request = Read(
            """
            {"messages":[{"role":"user","content":"Hi"},
             {"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":{"a": [1]}}},{"id":"c","type":"custom","custom":{"name":"g","input":"x\"y"}}]},
             {"role":"assistant","function_call":{"name":"h","arguments":"{}"}},
             {"role":"function","name":"h","content":"done"}]}
            """);
        Assert.Equal(("", "f", """{"a": [1]}"""), Parts(request.Prompt.Messages[1].ToolCalls[0]));
        var (id, name, arguments) = Parts(request.Prompt.Messages[1].ToolCalls[1]);
        Assert.Equal(("c", "g"), (id, name));
        Assert.Equal("x\"y", JsonNode.Parse(arguments)!["input"]!.GetValue<string>());
        Assert.Equal(("", "h", "{}"), Parts(request.Prompt.Messages[2].ToolCalls.Single()));
        Assert.Equal("tool", request.Prompt.Messages[3].Role);

        static (string Id, string Name, string Arguments) Parts(Inference.Chat.ChatToolCall call) => (call.Id, call.Name, call.Arguments);
    }

    [Theory]
    [InlineData("system")]
    [InlineData("user")]
    [InlineData("developer")]
    public void Validate_MessageWithoutContent_IsRefused(string role)
    {
        var error = ChatRequestFieldTests.ErrorOf(JsonNode.Parse($$"""{"messages":[{"role":"{{role}}","content":null}]}""")!.AsObject());
        Assert.Equal(("messages[0].content", "missing_required_parameter"), (error?.Param, error?.Code));
    }

    [Fact]
    public void Validate_ThousandFaults_ListsTenAndCountsAll()
    {
        var messages = new JsonArray([.. Enumerable.Range(0, 1000).Select(_ => (JsonNode)5)]);
        var error = ChatRequestFieldTests.ErrorOf(new JsonObject { ["messages"] = messages });
        Assert.Equal("messages[0]", error?.Param);
        Assert.StartsWith("1000 errors: ", error?.Message, StringComparison.Ordinal);
        Assert.True(error!.Message.Length < 2000);
    }

    private static ValidChatRequest Read(string body) => ChatRequestFieldTests.Valid(body);
}
