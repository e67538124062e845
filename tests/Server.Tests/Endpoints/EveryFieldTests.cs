using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using InferenceServer.Inference.Models;
using InferenceServer.Testing;

namespace InferenceServer.Server.Tests.Endpoints;

/// <summary>
/// Every field of every route that takes a body, as <c>/openapi/v1.json</c> describes them: acceptance checks 4 (null is the same as absent) and 17 (a wrong
/// type is an error of the client's, in the dialect's own form). Raw HTTP.
/// </summary>
public sealed class EveryFieldTests
{
    private const string Messages = """[{"role":"user","content":"Hi"}]""";

    private const string Tool = """{"name":"get_weather","description":"Weather.","parameters":{"type":"object","properties":{"city":{"type":"string"}}},"strict":true}""";

    /// <summary>What each route needs at least.</summary>
    private static readonly Dictionary<string, string> Minimal = new()
    {
        ["/v1/chat/completions"] = $$"""{"messages":{{Messages}}}""",
        ["/apply-template"] = $$"""{"messages":{{Messages}}}""",
        ["/v1/completions"] = """{"prompt":"Hi"}""",
        ["/v1/embeddings"] = """{"input":"Hi"}""",
        ["/v1/rerank"] = """{"query":"Hi","documents":["a","b"]}""",
        ["/v1/responses"] = """{"input":"Hi"}""",
        ["/v1/responses/input_tokens"] = """{"input":"Hi"}""",
        ["/v1/messages"] = $$"""{"max_tokens":20,"messages":{{Messages}}}""",
        ["/v1/messages/count_tokens"] = $$"""{"messages":{{Messages}}}""",
        ["/api/chat"] = $$"""{"messages":{{Messages}}}""",
        ["/api/generate"] = """{"prompt":"Hi"}""",
        ["/api/show"] = """{"model":"tiny-chat"}""",
        ["/completion"] = """{"prompt":"Hi"}""",
        ["/infill"] = """{"input_prefix":"a","input_suffix":"b"}""",
        ["/tokenize"] = """{"content":"Hi"}""",
        ["/detokenize"] = """{"tokens":[72,105]}""",
    };

    /// <summary>Bodies with as much inside as clients send; each part of them is replaced in turn.</summary>
    private static readonly (string Path, string Body)[] Rich =
    [
        ("/v1/chat/completions", """
            {"messages":[{"role":"system","content":[{"type":"text","text":"Be brief."}]},{"role":"user","content":"Hi","name":"me"},
              {"role":"assistant","content":null,"refusal":null,"reasoning_content":"Hm.","annotations":[],"tool_calls":[{"id":"call_1","type":"function","function":{"name":"get_weather","arguments":"{\"city\":\"Oslo\"}"}}]},
              {"role":"tool","tool_call_id":"call_1","content":"Rain."}],
             "tools":[{"type":"function","function":TOOL},{"type":"custom","custom":{"name":"patch","format":{"type":"grammar","grammar":{"syntax":"regex","definition":"a+"}}}}],
             "tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"get_weather"}}]}},
             "response_format":{"type":"json_schema","json_schema":{"name":"n","description":"d","strict":true,"schema":{"type":"object","properties":{"a":{"type":"integer","minimum":1}},"required":["a"]}}},
             "stop":["x"],"logit_bias":{"5":1},"stream_options":{"include_usage":true},"metadata":{"a":"b"},"chat_template_kwargs":{"a":[1]},"reasoning":{"effort":"low"}}
            """.Replace("TOOL", Tool, StringComparison.Ordinal)),
        ("/v1/chat/completions", """{"messages":[{"role":"user","content":"Hi"}],"functions":[{"name":"f","parameters":{"type":"object"}}],"function_call":{"name":"f"},"structured_outputs":{"choice":["a"]},"logit_bias":[[5,1]]}"""),
        ("/v1/completions", """{"prompt":["Hi","Ho"],"stop":["x"],"logit_bias":{"5":1},"guided_choice":["a","b"],"stream_options":{"include_usage":true}}"""),
        ("/v1/completions", """{"prompt":[[72,105],[72]],"response_format":{"type":"json_object","schema":{"type":"object"}}}"""),
        ("/v1/embeddings", """{"input":["Hi","Ho"],"encoding_format":"float"}"""),
        ("/v1/embeddings", """{"input":[[72,105]],"dimensions":2}"""),
        ("/v1/rerank", """{"query":"Hi","documents":["a",{"text":"b"}],"top_n":1}"""),
        ("/v1/responses", """
            {"input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"Hi"}]},{"role":"assistant","content":"Ho"},
              {"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"s"}],"content":[{"type":"reasoning_text","text":"r"}]},
              {"type":"function_call","call_id":"call_1","name":"get_weather","arguments":"{}"},{"type":"function_call_output","call_id":"call_1","output":[{"type":"input_text","text":"Rain."}]},
              {"type":"custom_tool_call","call_id":"call_2","name":"patch","input":"x"},{"type":"custom_tool_call_output","call_id":"call_2","output":"ok"}],
             "tools":[{"type":"function","name":"get_weather","parameters":{"type":"object"},"strict":false},{"type":"custom","name":"patch"},{"type":"web_search"},
              {"type":"namespace","name":"files","tools":[{"type":"function","name":"read","parameters":{"type":"object"}}]}],
             "tool_choice":{"type":"function","name":"get_weather"},"text":{"format":{"type":"text"},"verbosity":"low"},"reasoning":{"effort":"low","summary":"auto"},"include":["reasoning.encrypted_content"],"metadata":{"a":"b"}}
            """),
        ("/v1/messages", """
            {"max_tokens":20,"system":[{"type":"text","text":"Be brief.","cache_control":{"type":"ephemeral"}}],
             "messages":[{"role":"user","content":[{"type":"text","text":"Hi"}]},{"role":"assistant","content":[{"type":"thinking","thinking":"Hm.","signature":"s"},{"type":"tool_use","id":"toolu_1","name":"get_weather","input":{"city":"Oslo"}}]},
              {"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":[{"type":"text","text":"Rain."}]}]}],
             "tools":[{"name":"get_weather","description":"d","input_schema":{"type":"object","properties":{"city":{"type":"string"}}}}],"tool_choice":{"type":"auto"},
             "thinking":{"type":"enabled","budget_tokens":1024},"stop_sequences":["x"],"metadata":{"user_id":"u"},"output_config":{"effort":"low"}}
            """),
        ("/api/chat", """
            {"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"","thinking":"Hm.","tool_calls":[{"function":{"name":"get_weather","arguments":{"city":"Oslo"}}}]},{"role":"tool","tool_name":"get_weather","content":"Rain."}],
             "tools":[{"type":"function","function":{"name":"get_weather","parameters":{"type":"object"}}}],"options":{"num_predict":5,"stop":["x"],"temperature":0.5,"seed":1},"stream":false}
            """),
        ("/api/generate", """{"prompt":"Hi","options":{"num_predict":5,"stop":["x"]},"stream":false}"""),
        ("/completion", """{"prompt":["Hi","Ho"],"stop":["x"],"logit_bias":[[5,1]]}"""),
        ("/infill", """{"input_prefix":"a","input_suffix":"b","input_extra":[{"filename":"f","text":"t"}]}"""),
        ("/tokenize", """{"messages":[{"role":"user","content":"Hi"}],"tools":[]}"""),
        ("/detokenize", """{"tokens":[72,105]}"""),
    ];

    private static readonly string[] Values = ["null", "true", "1", "-1", "0.5", "1e999", "\"\"", "\"x\"", "\"\\ud800\"", "[]", "[5]", "[null]", "[\"x\"]", "[[]]", "[{}]", "{}", "{\"x\":1}"];

    [Fact]
    public async Task Bodies_AgainstTheDescription_AreThoseOfEveryRouteThatTakesOne()
    {
        await using var app = await TestApp.StartAsync();
        var described = (await FieldsAsync(app)).Keys;
        Assert.Equal(described.Order(StringComparer.Ordinal), Minimal.Keys.Order(StringComparer.Ordinal));
        Assert.Empty(described.Except(Rich.Select(item => item.Path)).Except(["/apply-template", "/v1/responses/input_tokens", "/v1/messages/count_tokens", "/api/show"]));
    }

    [Fact]
    public async Task Request_WithEveryOptionalFieldNull_IsAnsweredAsWithoutThem()
    {
        await using var app = await StartAsync();
        await using var reranker = await TestApp.StartAsync(new FakeEngine { EmbeddingLength = 1 });
        foreach (var (path, names) in await FieldsAsync(app))
        {
            var client = (path == "/v1/rerank" ? reranker : app).Client;
            foreach (var stream in names.Contains("stream") ? new bool?[] { null, true, false } : [null])
            {
                var body = JsonNode.Parse(Minimal[path])!.AsObject();
                if (stream is not null)
                {
                    body["stream"] = stream;
                }

                var without = await SendAsync(client, path, body.ToJsonString());
                foreach (var name in names.Where(name => !body.ContainsKey(name)))
                {
                    body[name] = null;
                }

                var with = await SendAsync(client, path, body.ToJsonString());
                Assert.Equal(200, without.Status);
                Assert.Equal((without.Status, GoldenTests.Scrub(without.Text)), (with.Status, GoldenTests.Scrub(with.Text)));
            }
        }
    }

    [Fact]
    public async Task Field_OfEveryWrongType_IsAnErrorOfTheClientsOrTaken()
    {
        await using var app = await StartAsync();
        foreach (var (path, names) in await FieldsAsync(app))
        {
            foreach (var name in names)
            {
                foreach (var value in Values)
                {
                    var body = JsonNode.Parse(Minimal[path])!.AsObject();
                    body[name] = "(value)";
                    var text = body.ToJsonString().Replace("\"(value)\"", value, StringComparison.Ordinal);
                    await CheckAsync(app, path, text, param: null);
                }
            }
        }
    }

    [Fact]
    public async Task Part_OfEveryWrongType_IsAnErrorOfTheClientsOrTaken()
    {
        await using var app = await StartAsync();
        foreach (var (path, body) in Rich)
        {
            var whole = await SendAsync(app.Client, path, body);
            Assert.True(whole.Status == 200 || path == "/v1/rerank", $"{path}: {whole.Text}");
            foreach (var place in PlacesIn(JsonNode.Parse(body)!))
            {
                foreach (var value in Values)
                {
                    var changed = JsonNode.Parse(body)!;
                    var root = Replace(changed, place);
                    await CheckAsync(app, path, changed.ToJsonString().Replace("\"(value)\"", value, StringComparison.Ordinal), root);
                }
            }
        }
    }

    private static Task<TestApp> StartAsync() => TestApp.StartAsync(
        new FakeEngine { Infill = new InfillTokens(900, 901, 902) }, ("Inference:ChatTemplate", ReferenceTemplates.FileOf("Qwen-Qwen3-0.6B")));

    private static async Task CheckAsync(TestApp app, string path, string body, string? param)
    {
        var (status, text) = await SendAsync(app.Client, path, body);
        Assert.True(status is 200 or (>= 400 and < 500), $"{path} {body}: {status} {text}");
        if (status == 200)
        {
            return;
        }

        var answer = JsonElement.Parse(text);
        var error = answer.GetProperty("error");
        if (path.StartsWith("/api/", StringComparison.Ordinal))
        {
            Assert.Equal(JsonValueKind.String, error.ValueKind);
            return;
        }

        Assert.False(string.IsNullOrEmpty(error.GetProperty("message").GetString()));
        Assert.False(string.IsNullOrEmpty(error.GetProperty("type").GetString()));
        if (path.StartsWith("/v1/messages", StringComparison.Ordinal))
        {
            Assert.Equal("error", answer.GetProperty("type").GetString());
            return;
        }

        Assert.True(error.GetProperty("code").ValueKind is JsonValueKind.String or JsonValueKind.Null, text);
        Assert.True(error.GetProperty("param").ValueKind is JsonValueKind.String or JsonValueKind.Null, text);
        if (param is not null && error.GetProperty("code").GetString() == "invalid_type")
        {
            // What contradicts another field may be blamed on that one, what is of a wrong type may not.
            Assert.Equal(param, error.GetProperty("param").GetString()?.Split('.', '[')[0]);
        }
    }

    private static async Task<(int Status, string Text)> SendAsync(HttpClient client, string path, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await client.PostAsync(path, content);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    private static async Task<Dictionary<string, string[]>> FieldsAsync(TestApp app)
    {
        using var document = JsonDocument.Parse(await app.Client.GetStringAsync("/openapi/v1.json"));
        var fields = new Dictionary<string, string[]>();
        foreach (var path in document.RootElement.GetProperty("paths").EnumerateObject())
        {
            if (path.Value.TryGetProperty("post", out var post) && post.TryGetProperty("requestBody", out var body))
            {
                var schema = Resolve(document.RootElement, body.GetProperty("content").GetProperty("application/json").GetProperty("schema"));
                fields.Add(path.Name, [.. schema.GetProperty("properties").EnumerateObject().Select(property => property.Name)]);
            }
        }

        return fields;
    }

    private static JsonElement Resolve(JsonElement root, JsonElement schema) => schema.TryGetProperty("$ref", out var reference)
        ? reference.GetString()!.TrimStart('#', '/').Split('/').Aggregate(root, (at, part) => at.GetProperty(part))
        : schema;

    // Steps from the root to every part, the root apart.
    private static IEnumerable<object[]> PlacesIn(JsonNode node)
    {
        IEnumerable<(object Step, JsonNode? Part)> parts = node switch
        {
            JsonObject members => members.Select(member => ((object)member.Key, member.Value)),
            JsonArray items => items.Select((item, index) => ((object)index, item)),
            _ => [],
        };
        foreach (var (step, part) in parts)
        {
            yield return [step];
            foreach (var below in part is null ? [] : PlacesIn(part))
            {
                yield return [step, .. below];
            }
        }
    }

    // Returns the field that the place is in.
    private static string Replace(JsonNode node, object[] place)
    {
        foreach (var step in place[..^1])
        {
            node = step is string name ? node[name]! : node[(int)step]!;
        }

        if (place[^1] is string last)
        {
            node[last] = "(value)";
        }
        else
        {
            node[(int)place[^1]] = "(value)";
        }

        return (string)place[0];
    }
}
