using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using InferenceServer.Inference.Grammar;
using InferenceServer.Testing;

namespace InferenceServer.Server.Tests.Endpoints;

/// <summary>What reaches the engine of a request's wishes for the form of its answer, and what is refused before.</summary>
public sealed class ChatFormTests
{
    private const string Good = """{"type":"object","properties":{"city":{"type":"string"}},"required":["city"],"additionalProperties":false}""";
    private const string Weak = """{"type":"object","properties":{"city":{"type":"string","not":{"const":"Rome"}}},"required":["city"],"additionalProperties":false}""";
    private const string Bad = """{"type":"object","properties":{"city":{"$ref":"#/nowhere"}}}""";

    private static readonly (string, string?) Qwen3 = ("Inference:ChatTemplate", ReferenceTemplates.FileOf("Qwen-Qwen3-0.6B"));

    [Theory]
    [InlineData("", false)]
    [InlineData(""","tools":[T:Good]""", false)]
    [InlineData(""","tools":[T:Bad]""", false)]
    [InlineData(""","tools":[S:Good]""", true)]
    [InlineData(""","tools":[S:Good,T:Bad]""", true)]
    [InlineData(""","tools":[S:Good],"tool_choice":"none" """, false)]
    [InlineData(""","tools":[T:Good],"tool_choice":"required" """, true)]
    [InlineData(""","tools":[T:Weak],"tool_choice":"any" """, true)]
    [InlineData(""","tools":[T:Good],"tool_choice":{"type":"function","function":{"name":"Good"}}""", true)]
    [InlineData(""","tools":[T:Good,T:Weak],"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"Good"}}]}}""", true)]
    [InlineData(""","tools":[T:Good],"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"Good"}}]}}""", false)]
    [InlineData(""","response_format":{"type":"text"}""", false)]
    [InlineData(""","response_format":{"type":"json_object"}""", true)]
    [InlineData(""","response_format":{"type":"json_schema","json_schema":{"name":"n","schema":W}}""", true)]
    [InlineData(""","response_format":{"type":"json_schema","json_schema":{"name":"n","strict":true}}""", true)]
    [InlineData(""","response_format":{"type":"json_object"},"tools":[T:Bad]""", true)]
    [InlineData(""","grammar":"root ::= [a-z]+" """, true)]
    [InlineData(""","grammar":"" """, false)]
    [InlineData(""","json_schema":G""", true)]
    [InlineData(""","guided_json":"{}" """, true)]
    [InlineData(""","guided_regex":"[0-9]{3}" """, true)]
    [InlineData(""","guided_choice":["yes","no"]""", true)]
    [InlineData(""","structured_outputs":{"choice":["yes","no"]}""", true)]
    public async Task Request_ThatWantsAForm_IsSubmittedUnderAGrammarAndOthersFreely(string fields, bool isConstrained)
    {
        await using var app = await TestApp.StartAsync(Qwen3);
        using var response = await app.ChatAsync(Body(fields));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var grammar = Assert.Single(app.Engine.Generations).Request.Grammar;
        Assert.Equal(isConstrained, grammar is not null);
        Assert.True(grammar is null || new GrammarCache().Check(grammar).Error is null);
    }

    [Theory]
    [InlineData(""","tools":[S:Bad]""", "tools[0].function.parameters", "#/properties/city/$ref")]
    [InlineData(""","tools":[T:Good,S:Weak]""", "tools[1].function.parameters", "#/properties/city/not")]
    [InlineData(""","tools":[T:Good,T:Bad],"tool_choice":"required" """, "tools[1].function.parameters", "#/properties/city/$ref")]
    [InlineData(""","response_format":{"type":"json_schema","json_schema":{"name":"n","strict":true,"schema":W}}""", "response_format", "#/properties/city/not")]
    [InlineData(""","response_format":{"type":"json_schema","json_schema":{"name":"n","schema":B}}""", "response_format", "#/properties/city/$ref")]
    [InlineData(""","response_format":{"type":"json_object","schema":B}""", "response_format", "#/properties/city/$ref")]
    [InlineData(""","response_format":{"type":"json_schema","json_schema":{"name":"n","schema":B}},"tools":[T:Good]""", "response_format", "#/properties/city/$ref")]
    [InlineData(""","tools":[T:Good],"tool_choice":"required","response_format":{"type":"json_schema","json_schema":{"name":"n","schema":B}}""", "response_format", "#/properties/city/$ref")]
    [InlineData(""","tools":[T:Good],"tool_choice":{"type":"function","function":{"name":"Good"}},"guided_regex":"(" """, "guided_regex", "")]
    [InlineData(""","grammar":"root ::= (" """, "grammar", "offset")]
    [InlineData(""","grammar":"root ::= root \"a\"" """, "grammar", "root")]
    [InlineData(""","guided_regex":"[" """, "guided_regex", "")]
    [InlineData(""","guided_json":"{" """, "guided_json", "")]
    [InlineData(""","structured_outputs":{"regex":"(?=a)"}""", "structured_outputs.regex", "")]
    public async Task Grammar_ThatIsNone_IsRefusedWithItsPlaceBeforeTheFirstByte(string fields, string param, string place)
    {
        await using var app = await TestApp.StartAsync(Qwen3);
        foreach (var stream in new[] { "", ""","stream":true""" })
        {
            using var response = await app.ChatAsync(Body(fields + stream));
            Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
            Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
            var error = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!;
            Assert.Equal((param, "invalid_json_schema"), ((string?)error["param"], (string?)error["code"]));
            Assert.Contains(place, (string)error["message"]!, StringComparison.Ordinal);
        }

        Assert.Empty(app.Engine.Generations);
    }

    [Fact]
    public async Task Completion_WithARegex_IsSubmittedUnderItAndABadOneRefused()
    {
        await using var app = await TestApp.StartAsync();
        using var response = await app.PostAsync("/v1/completions", """{"prompt":"a","guided_regex":"[0-9]+"}""");
        Assert.Equal(GrammarKind.Regex, Assert.Single(app.Engine.Generations).Request.Grammar?.Kind);
        using var refused = await app.PostAsync("/v1/completions", """{"prompt":"a","guided_regex":"["}""");
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
    }

    [Theory]
    [InlineData(""","parallel_tool_calls":false""")]
    [InlineData(""","tool_choice":{"type":"function","function":{"name":"Good"}}""")]
    public async Task ParallelCalls_NotWanted_EndTheAnswerBehindTheFirst(string fields)
    {
        foreach (var stream in new[] { false, true })
        {
            await using var app = await TestApp.StartAsync(new FakeEngine { IsManual = true }, Qwen3);
            var pending = app.ChatAsync(Body($$""","tools":[T:Good]{{fields}},"stream":{{(stream ? "true" : "false")}}"""));
            var generation = await app.Engine.NextAsync(TestApp.Patience);
            generation.Start();
            generation.Token("""<tool_call>{"name":"Good","arguments":{"city":"Oslo"}}</tool_call>""");
            generation.Token("\n<tool_call>");
            await generation.Aborted.WaitAsync(TestApp.Patience);
            using var response = await pending;
            var text = await response.Content.ReadAsStringAsync();

            Assert.Contains("\"finish_reason\":\"tool_calls\"", text, StringComparison.Ordinal);
            Assert.DoesNotContain("\"index\":1", text, StringComparison.Ordinal);
            Assert.DoesNotContain("\\u003Ctool_call", text, StringComparison.Ordinal);
            Assert.DoesNotContain("<tool_call", text, StringComparison.Ordinal);
            Assert.DoesNotContain("\"error\"", text, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("", null, true)]
    [InlineData(""","thinking_budget_tokens":7""", 7, true)]
    [InlineData(""","reasoning_budget_tokens":7""", 7, true)]
    [InlineData(""","thinking_token_budget":-1""", null, true)]
    [InlineData(""","thinking_budget_tokens":0""", null, false)]
    [InlineData(""","reasoning_effort":"none" """, null, false)]
    [InlineData(""","reasoning":{"effort":"none"}""", null, false)]
    [InlineData(""","reasoning_effort":"high" """, null, true)]
    [InlineData(""","chat_template_kwargs":{"enable_thinking":false}""", null, false)]
    public async Task Thought_LimitedOrForbidden_IsSoInPromptAndEngine(string fields, int? budget, bool mayThink)
    {
        await using var app = await TestApp.StartAsync(Qwen3);
        using var response = await app.ChatAsync(Body(fields));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var request = Assert.Single(app.Engine.Generations).Request;
        Assert.Equal(budget, request.Thought?.MaxTokens);
        Assert.True(request.Thought is null || (!request.Thought.IsOpen && request.Thought.EndTokens.Length == "\n</think>\n\n".Length));
        var prompt = System.Text.Encoding.UTF8.GetString([.. request.PromptTokens.ToArray().Select(token => (byte)token)]);
        Assert.Equal(!mayThink, prompt.EndsWith("<think>\n\n</think>\n\n", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ThoughtLimit_WhoseEndCannotBeEncoded_IsARefusalAndNotNoLimit()
    {
        await using var app = await TestApp.StartAsync(Qwen3);
        app.Engine.Unencodable = "</think>";
        using var response = await app.ChatAsync(Body(""","thinking_budget_tokens":7"""));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Empty(app.Engine.Generations);
    }

    [Fact]
    public async Task Grammar_OfARequest_IsTimedWhenItIsCompiledAndNotWhenItIsFound()
    {
        await using var app = await TestApp.StartAsync(("Metrics:Enabled", "true"));
        Assert.Equal(0, await CountAsync());
        using var first = await app.ChatAsync(Body(""","guided_regex":"[0-9]{3}" """));
        var count = await CountAsync();
        Assert.True(count > 0);
        using var second = await app.ChatAsync(Body(""","guided_regex":"[0-9]{3}" """));
        Assert.Equal(count, await CountAsync());
        using var third = await app.ChatAsync(Body(""","guided_regex":"[0-9]{4}" """));
        Assert.Equal(2 * count, await CountAsync());

        async Task<int> CountAsync()
        {
            const string Name = "inference_grammar_compile_duration_seconds_count ";
            var page = await app.Client.GetStringAsync("/metrics");
            var line = page.Split('\n').FirstOrDefault(line => line.StartsWith(Name, StringComparison.Ordinal));
            return line is null ? 0 : int.Parse(line[Name.Length..], System.Globalization.CultureInfo.InvariantCulture);
        }
    }

    [Fact]
    public async Task Thought_ForbiddenToATemplateThatOpensIt_IsClosedInThePrompt()
    {
        await using var app = await TestApp.StartAsync(("Inference:ChatTemplate", ReferenceTemplates.FileOf("deepseek-ai-DeepSeek-R1-Distill-Llama-8B")));
        using var response = await app.ChatAsync(Body(""","thinking_budget_tokens":0"""));
        var prompt = System.Text.Encoding.UTF8.GetString([.. Assert.Single(app.Engine.Generations).Request.PromptTokens.ToArray().Select(token => (byte)token)]);

        Assert.EndsWith("<think>\n</think>\n\n", prompt, StringComparison.Ordinal);
        Assert.DoesNotContain("reasoning_content", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    // T:Good is a tool called Good with that schema, S:Good a strict one; G, W and B are the schemas.
    private static string Body(string fields)
    {
        foreach (var (name, schema) in new[] { ("Good", Good), ("Weak", Weak), ("Bad", Bad) })
        {
            fields = fields.Replace($"T:{name}", Tool(name, schema, "false"), StringComparison.Ordinal).Replace($"S:{name}", Tool(name, schema, "true"), StringComparison.Ordinal);
            fields = fields.Replace($"\"schema\":{name[0]}", $"\"schema\":{schema}", StringComparison.Ordinal).Replace($"\"json_schema\":{name[0]}", $"\"json_schema\":{schema}", StringComparison.Ordinal);
        }

        var body = $$"""{"messages":[{"role":"user","content":"Hi"}]{{fields}}}""";
        using var document = JsonDocument.Parse(body);
        return body;
    }

    private static string Tool(string name, string schema, string strict) =>
        $$$"""{"type":"function","function":{"name":"{{{name}}}","strict":{{{strict}}},"parameters":{{{schema}}}}}""";
}
