using System.Text.Json;
using System.Text.Json.Nodes;
using InferenceServer.Server.OpenAi;
using InferenceServer.Server.Responses;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Tests.Responses;

/// <summary>What fields of a request for a response may not say, beside the wrong types that FieldTests tries.</summary>
public sealed class ResponseRequestFieldTests
{
    public static TheoryData<string> FieldNames() => new(OpenAiJson.Wire.ResponseRequest.Properties.Select(property => property.Name).Where(name => name != "input"));

    [Theory]
    [MemberData(nameof(FieldNames))]
    public void Field_Null_IsTheSameAsAbsent(string name)
    {
        var absent = JsonSerializer.Serialize(Valid(Minimal().ToJsonString()));
        Assert.Equal(absent, JsonSerializer.Serialize(Valid(With(name, null).ToJsonString())));
    }

    [Theory]
    [InlineData("temperature", "2.1", "temperature", "decimal_above_max_value")]
    [InlineData("max_output_tokens", "0", "max_output_tokens", "integer_below_min_value")]
    [InlineData("max_tool_calls", "-1", "max_tool_calls", "integer_below_min_value")]
    [InlineData("top_logprobs", "21", "top_logprobs", "integer_above_max_value")]
    [InlineData("input", "[]", "input", "empty_array")]
    [InlineData("input", "[5]", "input[0]", "invalid_type")]
    [InlineData("input", "[{}]", "input[0].role", "missing_required_parameter")]
    [InlineData("input", "[{\"type\":5}]", "input[0].type", "invalid_type")]
    [InlineData("input", "[{\"type\":\"dance\"}]", "input[0].type", "invalid_value")]
    [InlineData("input", "[{\"role\":\"robot\",\"content\":\"Hi\"}]", "input[0].role", "invalid_value")]
    [InlineData("input", "[{\"role\":\"user\"}]", "input[0].content", "missing_required_parameter")]
    [InlineData("input", "[{\"role\":\"user\",\"content\":5}]", "input[0].content", "invalid_type")]
    [InlineData("input", "[{\"role\":\"user\",\"content\":[5]}]", "input[0].content[0]", "invalid_type")]
    [InlineData("input", "[{\"role\":\"user\",\"content\":[{}]}]", "input[0].content[0].type", "missing_required_parameter")]
    [InlineData("input", "[{\"role\":\"user\",\"content\":[{\"type\":\"input_text\"}]}]", "input[0].content[0].text", "missing_required_parameter")]
    [InlineData("input", "[{\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":5}]}]", "input[0].content[0].text", "invalid_type")]
    [InlineData("input", "[{\"role\":\"user\",\"content\":[{\"type\":\"input_image\"}]}]", "input[0].content[0].type", "unsupported_value")]
    [InlineData("input", "[{\"type\":\"function_call\",\"name\":\"f\",\"arguments\":\"{}\"}]", "input[0].call_id", "missing_required_parameter")]
    [InlineData("input", "[{\"type\":\"function_call\",\"call_id\":\"c\",\"name\":\"f\",\"arguments\":{}}]", "input[0].arguments", "invalid_type")]
    [InlineData("input", "[{\"type\":\"function_call_output\",\"call_id\":\"c\"}]", "input[0].output", "missing_required_parameter")]
    [InlineData("input", "[{\"type\":\"reasoning\",\"content\":[5]}]", "input[0].content[0]", "invalid_type")]
    [InlineData("input", "[{\"type\":\"item_reference\"}]", "input[0].id", "missing_required_parameter")]
    [InlineData("text", "{\"format\":{}}", "text.format.type", "missing_required_parameter")]
    [InlineData("text", "{\"format\":{\"type\":\"xml\"}}", "text.format.type", "invalid_value")]
    [InlineData("text", "{\"format\":{\"type\":\"json_schema\"}}", "text.format.schema", "missing_required_parameter")]
    [InlineData("text", "{\"format\":{\"type\":\"json_schema\",\"schema\":5}}", "text.format.schema", "invalid_type")]
    [InlineData("text", "{\"format\":{\"type\":\"json_schema\",\"schema\":{},\"strict\":5}}", "text.format.strict", "invalid_type")]
    [InlineData("text", "{\"verbosity\":5}", "text.verbosity", "invalid_type")]
    [InlineData("reasoning", "{\"effort\":5}", "reasoning.effort", "invalid_type")]
    [InlineData("reasoning", "{\"summary\":5}", "reasoning.summary", "invalid_type")]
    [InlineData("include", "[5]", "include[0]", "invalid_type")]
    [InlineData("metadata", "{\"a\":5}", "metadata.a", "invalid_type")]
    [InlineData("truncation", "\"middle\"", "truncation", "invalid_value")]
    [InlineData("tools", "[5]", "tools[0]", "invalid_type")]
    [InlineData("tools", "[{}]", "tools[0].type", "missing_required_parameter")]
    [InlineData("tools", "[{\"type\":\"function\"}]", "tools[0].name", "missing_required_parameter")]
    [InlineData("tools", "[{\"type\":\"function\",\"name\":\"f\",\"parameters\":[]}]", "tools[0].parameters", "invalid_type")]
    [InlineData("tools", "[{\"type\":\"namespace\",\"name\":\"n\",\"tools\":[{\"type\":\"custom\"}]}]", "tools[0].tools[0].name", "missing_required_parameter")]
    [InlineData("tool_choice", "\"maybe\"", "tool_choice", "invalid_value")]
    [InlineData("tool_choice", "{\"type\":5}", "tool_choice.type", "invalid_type")]
    [InlineData("tool_choice", "\"required\"", "tool_choice", "invalid_value")]
    [InlineData("tool_choice", "{\"type\":\"function\"}", "tool_choice.name", "missing_required_parameter")]
    [InlineData("tool_choice", "{\"type\":\"function\",\"name\":\"f\"}", "tool_choice.name", "invalid_value")]
    [InlineData("tool_choice", "{\"type\":\"web_search\"}", "tool_choice.type", "unsupported_value")]
    [InlineData("tool_choice", "{\"type\":\"allowed_tools\",\"mode\":\"required\",\"tools\":[{\"type\":\"function\",\"name\":\"f\"}]}", "tool_choice.tools", "invalid_value")]
    [InlineData("tool_choice", "{\"type\":\"allowed_tools\",\"tools\":[5]}", "tool_choice.tools[0]", "invalid_type")]
    [InlineData("tools", "[{\"type\":\"custom\",\"name\":\"f\",\"format\":{\"type\":\"grammar\"}}]", "tools[0].format.definition", "missing_required_parameter")]
    [InlineData("tools", "[{\"type\":\"custom\",\"name\":\"f\",\"format\":{\"type\":\"grammar\",\"definition\":\"a\"}}]", "tools[0].format.syntax", "missing_required_parameter")]
    [InlineData("tools", "[{\"type\":\"custom\",\"name\":\"f\",\"strict\":true,\"format\":{\"type\":\"grammar\",\"syntax\":\"lark\",\"definition\":\"a\"}}]", "tools[0].format.syntax", "unsupported_value")]
    [InlineData("conversation", "\"conv_1\"", "conversation", "unsupported_parameter")]
    [InlineData("prompt", "{\"id\":\"p\"}", "prompt", "unsupported_parameter")]
    public void Field_WithWrongPart_IsRefusedByPath(string name, string value, string param, string code)
    {
        var error = ErrorOf(With(name, JsonNode.Parse(value)));
        Assert.NotNull(error);
        Assert.Equal((400, param, code), (error.Status, error.Param, error.Code));
    }

    [Fact]
    public void Background_WithoutStore_IsRefused()
    {
        var body = With("background", true);
        body["store"] = false;
        Assert.Equal(("background", "invalid_value"), (ErrorOf(body)?.Param, ErrorOf(body)?.Code));
    }

    [Fact]
    public void Fuzz_WrongPartsAtEveryDepth_NeverThrowsAndAlwaysNamesAField()
    {
        var random = new Random(4711);
        string[] values = ["null", "true", "5", "-1.5", "\"x\"", "[]", "{}", "[null]", "[[]]", "{\"type\":null}", "{\"type\":\"message\"}", "{\"type\":\"function\"}"];
        var source = """
            {"input":[{"role":"user","content":[{"type":"input_text","text":"Hi"}]},{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"a"}],"content":[{"type":"reasoning_text","text":"b"}],"encrypted_content":"c"},
            {"type":"message","id":"m","status":"completed","role":"assistant","content":[{"type":"output_text","text":"x","annotations":[]}]},{"type":"function_call","call_id":"c","name":"f","namespace":"n","arguments":"{}"},
            {"type":"function_call_output","call_id":"c","output":[{"type":"input_text","text":"y"}]},{"type":"custom_tool_call","call_id":"d","name":"g","input":"z"},{"type":"custom_tool_call_output","call_id":"d","output":"o"}],
            "tools":[{"type":"function","name":"f","description":"d","parameters":{},"strict":false},{"type":"custom","name":"g","format":{"type":"text"}},{"type":"namespace","name":"n","tools":[{"type":"function","name":"f"}]}],
            "text":{"format":{"type":"text"},"verbosity":"low"},"reasoning":{"effort":"low","summary":"auto"},"include":["a"],"metadata":{"a":"b"},"chat_template_kwargs":{"a":1}}
            """;
        var numRefused = 0;
        for (var round = 0; round < 3000; round++)
        {
            var body = JsonNode.Parse(source)!.AsObject();
            JsonNode place = body;
            while (true)
            {
                var keys = place is JsonObject o ? o.Select(pair => (object)pair.Key).ToArray() : [.. Enumerable.Range(0, place.AsArray().Count).Cast<object>()];
                if (keys.Length == 0)
                {
                    break;
                }

                var key = keys[random.Next(keys.Length)];
                var child = key is string name ? place[name] : place[(int)key];
                if (child is JsonObject or JsonArray && random.Next(4) > 0)
                {
                    place = child;
                    continue;
                }

                var value = JsonNode.Parse(values[random.Next(values.Length)]);
                if (key is string at)
                {
                    place[at] = value;
                }
                else
                {
                    place[(int)key] = value;
                }

                break;
            }

            if (ErrorOf(body) is { } error)
            {
                numRefused++;
                Assert.Equal(400, error.Status);
                Assert.NotNull(error.Param);
                Assert.NotNull(error.Code);
            }
        }

        Assert.InRange(numRefused, 500, 2999);
    }

    internal static RequestError? ErrorOf(JsonObject body)
    {
        using var document = JsonDocument.Parse(body.ToJsonString());
        if (!ResponseRequestReader.Read(document.RootElement, TestApp.VocabularySize).TryGet(out var request, out var error))
        {
            return error;
        }

        // What was accepted can be rendered and stored.
        ResponseRequestReader.ToChat(request, [], request.Input).TryGet(out _, out var later);
        Assert.True(later is null || later.Code == "empty_array", later?.Message);
        Assert.Equal(request.Input.Length, JsonDocument.Parse(StoredItems.Write(request.Input)).RootElement.GetArrayLength());
        return null;
    }

    private static ValidResponseRequest Valid(string body)
    {
        var root = JsonDocument.Parse(body).RootElement;
        Assert.True(ResponseRequestReader.Read(root, TestApp.VocabularySize).TryGet(out var request, out var error), error?.Message);
        return request;
    }

    private static JsonObject Minimal() => JsonNode.Parse("""{"input":"Hi"}""")!.AsObject();

    private static JsonObject With(string name, JsonNode? value)
    {
        var body = Minimal();
        body[name] = value;
        return body;
    }
}
