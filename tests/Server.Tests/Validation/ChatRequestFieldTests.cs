using System.Text.Json;
using System.Text.Json.Nodes;
using InferenceServer.Server.OpenAi;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Tests.Validation;

/// <summary>What fields of a chat request may not say, beside the wrong types that FieldTests tries.</summary>
public sealed class ChatRequestFieldTests
{
    public static TheoryData<string> Optional() =>
        new(OpenAiJson.Wire.ChatCompletionRequest.Properties.Select(property => property.Name).Where(name => name != "messages"));

    [Theory]
    [MemberData(nameof(Optional))]
    public void Field_Null_IsTheSameAsAbsent(string name)
    {
        Assert.Equal(Describe(Valid(Minimal().ToJsonString())), Describe(Valid(With(name, null).ToJsonString())));
    }

    [Theory]
    [InlineData("temperature", "-0.1", "decimal_below_min_value")]
    [InlineData("temperature", "2.1", "decimal_above_max_value")]
    [InlineData("temperature", "1e999", "decimal_above_max_value")]
    [InlineData("top_p", "1.1", "decimal_above_max_value")]
    [InlineData("min_p", "-1", "decimal_below_min_value")]
    [InlineData("presence_penalty", "-2.5", "decimal_below_min_value")]
    [InlineData("frequency_penalty", "2.5", "decimal_above_max_value")]
    [InlineData("repeat_penalty", "0", "decimal_below_min_value")]
    [InlineData("n", "0", "integer_below_min_value")]
    [InlineData("n", "129", "integer_above_max_value")]
    [InlineData("n", "1e30", "integer_above_max_value")]
    [InlineData("n", "1.5", "invalid_type")]
    [InlineData("max_tokens", "0", "integer_below_min_value")]
    [InlineData("max_tokens", "-2", "integer_below_min_value")]
    [InlineData("max_completion_tokens", "0", "integer_below_min_value")]
    [InlineData("top_k", "-2", "integer_below_min_value")]
    [InlineData("repeat_last_n", "-2", "integer_below_min_value")]
    [InlineData("top_logprobs", "21", "integer_above_max_value")]
    [InlineData("top_logprobs", "-1", "integer_below_min_value")]
    [InlineData("top_logprobs", "3", "invalid_value")]
    [InlineData("min_tokens", "-1", "integer_below_min_value")]
    [InlineData("continue_final_message", "true", "invalid_value")]
    [InlineData("tool_choice", "\"required\"", "invalid_value")]
    [InlineData("tool_choice", "\"maybe\"", "invalid_value")]
    [InlineData("grammar_lazy", "true", "unsupported_value")]
    [InlineData("reasoning_format", "\"loud\"", "invalid_value")]
    [InlineData("thinking_budget_tokens", "-2", "integer_below_min_value")]
    [InlineData("lora", "[]", "unsupported_parameter")]
    public void Field_OutOfRange_IsRefusedWithCode(string name, string value, string code)
    {
        var error = ErrorOf(JsonNode.Parse($$"""{"messages":[{"role":"user","content":"Hi"}],"{{name}}":{{value}}}""")!.AsObject());
        Assert.NotNull(error);
        Assert.Equal(name, error.Param);
        Assert.Equal(code, error.Code);
    }

    [Theory]
    [InlineData("response_format", "{}", "response_format.type", "missing_required_parameter")]
    [InlineData("response_format", "{\"type\":\"json_schema\"}", "response_format.json_schema", "missing_required_parameter")]
    [InlineData("response_format", "{\"type\":\"json_schema\",\"json_schema\":{\"schema\":[]}}", "response_format.json_schema.schema", "invalid_type")]
    [InlineData("response_format", "{\"type\":\"json_schema\",\"json_schema\":{\"name\":5}}", "response_format.json_schema.name", "invalid_type")]
    [InlineData("response_format", "{\"type\":\"json_schema\",\"json_schema\":{\"strict\":\"yes\"}}", "response_format.json_schema.strict", "invalid_type")]
    [InlineData("response_format", "{\"type\":\"json_object\",\"schema\":5}", "response_format.schema", "invalid_type")]
    [InlineData("response_format", "{\"type\":\"xml\"}", "response_format.type", "invalid_value")]
    [InlineData("response_format", "{\"type\":5}", "response_format.type", "invalid_type")]
    [InlineData("guided_choice", "[]", "guided_choice", "empty_array")]
    [InlineData("guided_choice", "[\"a\",5]", "guided_choice[1]", "invalid_type")]
    [InlineData("structured_outputs", "{\"regex\":5}", "structured_outputs.regex", "invalid_type")]
    [InlineData("structured_outputs", "{\"structural_tag\":{}}", "structured_outputs.structural_tag", "unsupported_parameter")]
    [InlineData("reasoning", "{\"effort\":5}", "reasoning.effort", "invalid_type")]
    [InlineData("tool_choice", "{}", "tool_choice.type", "missing_required_parameter")]
    [InlineData("tool_choice", "{\"type\":\"function\"}", "tool_choice.function", "missing_required_parameter")]
    [InlineData("tool_choice", "{\"type\":\"function\",\"function\":{}}", "tool_choice.function.name", "missing_required_parameter")]
    [InlineData("tool_choice", "{\"type\":\"function\",\"function\":{\"name\":\"f\"}}", "tool_choice.function.name", "invalid_value")]
    [InlineData("tool_choice", "{\"type\":\"magic\"}", "tool_choice.type", "invalid_value")]
    [InlineData("tool_choice", "{\"type\":\"allowed_tools\",\"allowed_tools\":{\"tools\":[5]}}", "tool_choice.allowed_tools.tools[0]", "invalid_type")]
    [InlineData("function_call", "{}", "function_call.name", "missing_required_parameter")]
    [InlineData("tools", "[{\"type\":\"custom\"}]", "tools[0].custom", "missing_required_parameter")]
    [InlineData("tools", "[{\"type\":\"custom\",\"custom\":{\"name\":\"c\",\"format\":{\"type\":\"grammar\",\"grammar\":{\"syntax\":\"lark\",\"definition\":\"x\"}}}}]", "tools[0].custom.format.grammar.syntax", "unsupported_value")]
    [InlineData("tools", "[{\"type\":\"custom\",\"custom\":{\"name\":\"c\",\"format\":{\"type\":\"grammar\"}}}]", "tools[0].custom.format.grammar", "missing_required_parameter")]
    [InlineData("tools", "[{\"type\":\"custom\",\"custom\":{\"name\":\"c\",\"format\":{\"type\":\"grammar\",\"grammar\":{\"syntax\":\"regex\"}}}}]", "tools[0].custom.format.grammar.definition", "missing_required_parameter")]
    [InlineData("tools", "[{\"type\":\"custom\",\"custom\":{\"name\":\"c\",\"format\":{\"type\":\"grammar\",\"grammar\":{\"definition\":\"a\"}}}}]", "tools[0].custom.format.grammar.syntax", "missing_required_parameter")]
    [InlineData("tools", "[{\"type\":\"custom\",\"custom\":{\"name\":\"c\",\"format\":{}}}]", "tools[0].custom.format.type", "missing_required_parameter")]
    [InlineData("tools", "[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"strict\":1}}]", "tools[0].function.strict", "invalid_type")]
    [InlineData("stop", "[\"a\",5]", "stop[1]", "invalid_type")]
    [InlineData("stop_token_ids", "[5,1000]", "stop_token_ids[1]", "invalid_value")]
    [InlineData("stop_token_ids", "[5,\"x\"]", "stop_token_ids[1]", "invalid_type")]
    [InlineData("stop_token_ids", "[1.5]", "stop_token_ids[0]", "invalid_value")]
    [InlineData("modalities", "[\"text\",\"audio\"]", "modalities[1]", "unsupported_value")]
    [InlineData("logit_bias", "{\"5\":\"x\"}", "logit_bias.5", "invalid_type")]
    [InlineData("logit_bias", "{\"5\":101}", "logit_bias.5", "invalid_value")]
    [InlineData("logit_bias", "{\"1000\":1}", "logit_bias.1000", "invalid_value")]
    [InlineData("logit_bias", "{\"-1\":1}", "logit_bias.-1", "invalid_value")]
    [InlineData("logit_bias", "[[5,1],[6]]", "logit_bias[1]", "invalid_type")]
    [InlineData("logit_bias", "[[1000,1]]", "logit_bias[0][0]", "invalid_value")]
    [InlineData("logit_bias", "[[\"x\",1]]", "logit_bias[0][0]", "invalid_type")]
    [InlineData("logit_bias", "[[5,null]]", "logit_bias[0][1]", "invalid_type")]
    [InlineData("tools", "[5]", "tools[0]", "invalid_type")]
    [InlineData("tools", "[{\"type\":\"function\"}]", "tools[0].function", "missing_required_parameter")]
    [InlineData("tools", "[{\"type\":\"function\",\"function\":{}}]", "tools[0].function.name", "missing_required_parameter")]
    [InlineData("tools", "[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":[]}}]", "tools[0].function.parameters", "invalid_type")]
    [InlineData("tools", "[{\"type\":\"computer\"}]", "tools[0].type", "invalid_value")]
    [InlineData("functions", "[{}]", "functions[0].name", "missing_required_parameter")]
    [InlineData("stream_options", "{\"include_usage\":\"yes\"}", "stream_options.include_usage", "invalid_type")]
    public void Field_WithWrongPart_IsRefusedByPath(string name, string value, string param, string code)
    {
        var error = ErrorOf(With(name, JsonNode.Parse(value)));
        Assert.NotNull(error);
        Assert.Equal(param, error.Param);
        Assert.Equal(code, error.Code);
    }

    internal static RequestError? ErrorOf(JsonObject body)
    {
        using var document = JsonDocument.Parse(body.ToJsonString());
        ChatRequestValidator.Validate(document.RootElement, TestApp.VocabularySize).TryGet(out _, out var error);
        return error;
    }

    internal static ValidChatRequest Valid(string body)
    {
        var root = JsonDocument.Parse(body).RootElement;
        Assert.True(ChatRequestValidator.Validate(root, TestApp.VocabularySize).TryGet(out var request, out var error), error?.Message);
        return request;
    }

    private static string Describe(ValidChatRequest request) => JsonSerializer.Serialize(request with { Tools = ToolUse.None }) + request.Tools + request.Constraint;

    private static JsonObject Minimal() =>
        JsonNode.Parse("""{"messages":[{"role":"user","content":[{"type":"text","text":"Hi"}]}]}""")!.AsObject();

    private static JsonObject With(string name, JsonNode? value)
    {
        var body = Minimal();
        body[name] = value;
        return body;
    }
}
