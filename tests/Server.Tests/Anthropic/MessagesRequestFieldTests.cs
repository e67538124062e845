using System.Text.Json;
using System.Text.Json.Nodes;
using InferenceServer.Server.Anthropic;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Tests.Anthropic;

/// <summary>What fields of a Messages request may not say, beside the wrong types that FieldTests tries.</summary>
public sealed class MessagesRequestFieldTests
{
    [Theory]
    [InlineData("messages", "[5]", "messages[0]", "invalid_type")]
    [InlineData("messages", "[{}]", "messages[0].role", "missing_required_parameter")]
    [InlineData("messages", """[{"role":"user"}]""", "messages[0].content", "missing_required_parameter")]
    [InlineData("messages", """[{"role":"user","content":5}]""", "messages[0].content", "invalid_type")]
    [InlineData("messages", """[{"role":"user","content":[5]}]""", "messages[0].content[0]", "invalid_type")]
    [InlineData("messages", """[{"role":"user","content":[{}]}]""", "messages[0].content[0].type", "missing_required_parameter")]
    [InlineData("messages", """[{"role":"user","content":[{"type":"text"}]}]""", "messages[0].content[0].text", "missing_required_parameter")]
    [InlineData("messages", """[{"role":"user","content":[{"type":"text","text":5}]}]""", "messages[0].content[0].text", "invalid_type")]
    [InlineData("messages", """[{"role":"user","content":[{"type":"image","source":{}}]}]""", "messages[0].content[0].type", "unsupported_value")]
    [InlineData("messages", """[{"role":"user","content":[{"type":"document","source":{"type":"base64","data":"aGk="}}]}]""", "messages[0].content[0].type", "unsupported_value")]
    [InlineData("messages", """[{"role":"user","content":[{"type":"tool_use","id":"a","name":"f","input":{}}]}]""", "messages[0].content[0].type", "unsupported_value")]
    [InlineData("messages", """[{"role":"user","content":[{"type":"tool_result","content":"x"}]}]""", "messages[0].content[0].tool_use_id", "missing_required_parameter")]
    [InlineData("messages", """[{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":5}]}]""", "messages[0].content[0].content", "invalid_type")]
    [InlineData("messages", """[{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","is_error":"no"}]}]""", "messages[0].content[0].is_error", "invalid_type")]
    [InlineData("messages", """[{"role":"assistant","content":[{"type":"tool_use","id":"a","input":{}}]}]""", "messages[0].content[0].name", "missing_required_parameter")]
    [InlineData("messages", """[{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":"x"}]}]""", "messages[0].content[0].input", "invalid_type")]
    [InlineData("messages", """[{"role":"assistant","content":[{"type":"thinking"}]}]""", "messages[0].content[0].thinking", "missing_required_parameter")]
    [InlineData("messages", """[{"role":"assistant","content":5}]""", "messages[0].content", "invalid_type")]
    [InlineData("messages", """[{"role":"robot","content":"x"}]""", "messages[0].role", "invalid_value")]
    [InlineData("system", "[5]", "system[0]", "invalid_type")]
    [InlineData("system", """[{"type":"image"}]""", "system[0].type", "unsupported_value")]
    [InlineData("system", """[{"type":"text"}]""", "system[0].text", "missing_required_parameter")]
    [InlineData("max_tokens", "0", "max_tokens", "integer_below_min_value")]
    [InlineData("temperature", "2.1", "temperature", "decimal_above_max_value")]
    [InlineData("top_k", "-1", "top_k", "integer_below_min_value")]
    [InlineData("stop_sequences", "[5]", "stop_sequences[0]", "invalid_type")]
    [InlineData("tools", "[5]", "tools[0]", "invalid_type")]
    [InlineData("tools", "[{}]", "tools[0].name", "missing_required_parameter")]
    [InlineData("tools", """[{"name":"f","input_schema":[]}]""", "tools[0].input_schema", "invalid_type")]
    [InlineData("tools", """[{"name":"f","description":5}]""", "tools[0].description", "invalid_type")]
    [InlineData("tool_choice", """{"type":"maybe"}""", "tool_choice.type", "invalid_value")]
    [InlineData("tool_choice", """{"type":"auto","disable_parallel_tool_use":5}""", "tool_choice.disable_parallel_tool_use", "invalid_type")]
    [InlineData("thinking", """{"type":"sometimes"}""", "thinking.type", "invalid_value")]
    [InlineData("thinking", """{"type":"enabled","budget_tokens":"many"}""", "thinking.budget_tokens", "invalid_type")]
    [InlineData("output_config", """{"effort":5}""", "output_config.effort", "invalid_type")]
    [InlineData("output_config", """{"format":5}""", "output_config.format", "invalid_type")]
    [InlineData("output_config", """{"format":{"type":"json_object"}}""", "output_config.format.type", "invalid_value")]
    [InlineData("output_config", """{"format":{"type":"json_schema"}}""", "output_config.format.schema", "missing_required_parameter")]
    [InlineData("output_format", """{"type":"json_schema","schema":[]}""", "output_format.schema", "invalid_type")]
    [InlineData("tool_choice", """{"type":"any"}""", "tool_choice.type", "invalid_value")]
    [InlineData("tool_choice", """{"type":"tool"}""", "tool_choice.name", "missing_required_parameter")]
    [InlineData("tool_choice", """{"type":"tool","name":"f"}""", "tool_choice.name", "invalid_value")]
    [InlineData("tools", """[{"name":"f","strict":5}]""", "tools[0].strict", "invalid_type")]
    public void Field_WithWrongPart_IsRefusedByPath(string name, string value, string param, string code)
    {
        var error = ErrorOf(With(name, value));
        Assert.NotNull(error);
        Assert.Equal(param, error.Param);
        Assert.Equal(code, error.Code);
    }

    [Fact]
    public void MaxTokens_WhereTokensAreCounted_IsNotNeeded()
    {
        using var document = JsonDocument.Parse("""{"messages":[{"role":"user","content":"Hi"}]}""");
        Assert.True(MessagesRequestReader.Read(document.RootElement, isCount: true).TryGet(out _, out _));
        Assert.False(MessagesRequestReader.Read(document.RootElement, isCount: false).TryGet(out _, out var error));
        Assert.Equal("max_tokens", error.Param);
    }

    private static RequestError? ErrorOf(JsonObject body)
    {
        using var document = JsonDocument.Parse(body.ToJsonString());
        MessagesRequestReader.Read(document.RootElement, isCount: false).TryGet(out _, out var error);
        return error;
    }

    private static JsonObject With(string name, string value)
    {
        var body = JsonNode.Parse("""{"max_tokens":10,"messages":[{"role":"user","content":[{"type":"text","text":"Hi"}]}]}""")!.AsObject();
        body[name] = JsonNode.Parse(value);
        return body;
    }
}
