using System.Text.Json;
using InferenceServer.Server.Ollama;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Tests.Ollama;

public sealed class OllamaRequestReaderTests
{
    [Theory]
    [InlineData("""{"messages":[5]}""", "messages[0]", "invalid_type")]
    [InlineData("""{"messages":[{"content":"x"}]}""", "messages[0].role", "missing_required_parameter")]
    [InlineData("""{"messages":[{"role":"robot","content":"x"}]}""", "messages[0].role", "invalid_value")]
    [InlineData("""{"messages":[{"role":"user","content":"x","images":["aGk="]}]}""", "messages[0].images", "unsupported_parameter")]
    [InlineData("""{"messages":[{"role":"tool","content":"x","tool_name":5}]}""", "messages[0].tool_name", "invalid_type")]
    [InlineData("""{"messages":[{"role":"assistant","tool_calls":[{"function":{"arguments":{}}}]}]}""", "messages[0].tool_calls[0].function.name", "missing_required_parameter")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"options":{"temperature":"hot"}}""", "options.temperature", "invalid_type")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"options":{"num_predict":-3}}""", "options.num_predict", "integer_below_min_value")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"options":{"stop":[5]}}""", "options.stop[0]", "invalid_type")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"format":"xml"}""", "format", "invalid_value")]
    public void ChatField_WithWrongPart_IsRefusedByPath(string body, string param, string code)
    {
        var error = ChatErrorOf(JsonElement.Parse(body));
        Assert.NotNull(error);
        Assert.Equal((param, code), (error.Param, error.Code));
    }

    [Fact]
    public void Chat_WithEveryOption_IsTheSameAsAChatRequest()
    {
        var read = OllamaRequestReader.ReadChat(
            JsonElement.Parse(
                """
                {"model":"tiny-chat:latest","messages":[{"role":"user","content":"Weather?","images":[]},
                 {"role":"assistant","content":"","thinking":"Hm","tool_calls":[{"function":{"name":"f","arguments":{"a":1}}}]},{"role":"tool","tool_name":"f","content":"Rain"}],
                 "think":"low","format":"","keep_alive":-1,
                 "options":{"num_predict":7,"temperature":0.5,"top_p":0.25,"top_k":9,"min_p":0.125,"seed":5,"repeat_penalty":1.5,"repeat_last_n":3,"stop":["x"],"num_ctx":4096,"mirostat":1}}
                """),
            TestApp.VocabularySize);
        Assert.True(read.TryGet(out var request, out var error), error?.Message);
        Assert.Equal("tiny-chat", request.Model);
        Assert.True(request.Stream);
        Assert.Equal(7, request.MaxOutputTokens);
        Assert.Equal(["x"], request.End.Stop.AsEnumerable());
        Assert.Equal((0.5f, 0.25f, 9, 0.125f), (request.Sampling.Temperature, request.Sampling.TopP, request.Sampling.TopK, request.Sampling.MinP));
        Assert.Equal((5L, 1.5f, 3), (request.Sampling.Seed, request.Sampling.RepeatPenalty, request.Sampling.RepeatLastN));
        Assert.Equal("f", request.Prompt.Messages[2].Name);
        Assert.Equal("Hm", request.Prompt.Messages[1].Reasoning);
        Assert.Equal("""{"a":1}""", request.Prompt.Messages[1].ToolCalls[0].Arguments);
        Assert.Equal(("true", "\"low\""), (request.Prompt.Variables!["enable_thinking"].GetRawText(), request.Prompt.Variables["reasoning_effort"].GetRawText()));
    }

    [Theory]
    [InlineData("\"json\"", """{}""", true)]
    [InlineData("{\"type\":\"integer\"}", """{"type":"integer"}""", true)]
    [InlineData("\"\"", "", false)]
    [InlineData("null", "", false)]
    public void Format_OfChatAndGeneration_IsWhatTheTextMustFit(string format, string schema, bool isConstrained)
    {
        var chat = """{"messages":[{"role":"user","content":"x"}],"format":FORMAT}""".Replace("FORMAT", format, StringComparison.Ordinal);
        Assert.True(OllamaRequestReader.ReadChat(JsonElement.Parse(chat), TestApp.VocabularySize).TryGet(out var request, out _));
        Check(request);
        foreach (var raw in new[] { "true", "false" })
        {
            var body = """{"prompt":"x","raw":RAW,"format":FORMAT}""".Replace("FORMAT", format, StringComparison.Ordinal).Replace("RAW", raw, StringComparison.Ordinal);
            Assert.True(OllamaRequestReader.ReadGenerate(JsonElement.Parse(body), TestApp.VocabularySize).TryGet(out var generation, out _));
            Check(generation);
        }

        void Check(ValidRequest valid)
        {
            Assert.Equal(isConstrained, valid.Constraint is not null);
            Assert.Equal(isConstrained ? "format" : null, valid.Constraint?.Name);
            Assert.True(!isConstrained || format == "\"json\"" || valid.Constraint!.Source.Text == schema);
        }
    }

    [Fact]
    public void Tools_WithAChoice_AreChosenAsInAChatRequest()
    {
        var body = """{"messages":[{"role":"user","content":"x"}],"tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"required","parallel_tool_calls":false,"functions":[{"name":"g"}]}""";
        Assert.True(OllamaRequestReader.ReadChat(JsonElement.Parse(body), TestApp.VocabularySize).TryGet(out var request, out _));
        Assert.Equal((true, true, "f"), (request.Tools.MustCall, request.Tools.IsSingle, Assert.Single(request.Tools.Tools).Name));
    }

    [Theory]
    [InlineData("true", "true")]
    [InlineData("false", "false")]
    public void Think_AsASwitch_IsTheTemplates(string think, string expected)
    {
        var body = """{"messages":[{"role":"user","content":"x"}],"think":THINK}""".Replace("THINK", think, StringComparison.Ordinal);
        Assert.True(OllamaRequestReader.ReadChat(JsonElement.Parse(body), TestApp.VocabularySize).TryGet(out var request, out _));
        Assert.Equal(expected, Assert.Single(request.Prompt.Variables!).Value.GetRawText());
        Assert.Equal(think == "false" ? 0 : null, request.MaxThoughtTokens);
    }

    [Theory]
    [InlineData("""{"prompt":"a","raw":true}""", true)]
    [InlineData("""{"prompt":"a","suffix":"b"}""", true)]
    [InlineData("""{"prompt":"a","suffix":"","system":"Be brief."}""", false)]
    public void Generate_RawOrWithSuffix_GoesOnWithTheText(string body, bool isText)
    {
        Assert.True(OllamaRequestReader.ReadGenerate(JsonElement.Parse(body), TestApp.VocabularySize).TryGet(out var request, out _));
        Assert.Equal(isText, request is ValidCompletionRequest);
        if (request is ValidChatRequest chat)
        {
            Assert.Equal([("system", "Be brief."), ("user", "a")], chat.Prompt.Messages.Select(message => (message.Role, message.Content!)));
        }
    }

    private static RequestError? ChatErrorOf(JsonElement body)
    {
        OllamaRequestReader.ReadChat(body, TestApp.VocabularySize).TryGet(out _, out var error);
        return error;
    }
}
