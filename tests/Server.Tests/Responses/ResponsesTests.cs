using System.Net;
using System.Text.Json;
using InferenceServer.Inference.Scheduling;
using InferenceServer.Server.Tests.Endpoints;
using InferenceServer.Testing;

namespace InferenceServer.Server.Tests.Responses;

public sealed class ResponsesTests
{
    [Fact]
    public async Task FollowUp_OnStoredResponse_RendersTheWholeConversation()
    {
        await using var app = await TestApp.StartAsync();
        var first = await CreateAsync(app, """{"input":"Where?","instructions":"Be brief."}""");
        var firstPrompt = app.Engine.LastPrompt!.ToString();
        var second = await CreateAsync(app, $$"""{"input":"Sure?","instructions":"Be brief.","previous_response_id":"{{IdOf(first)}}"}""");
        Assert.Equal(IdOf(first), second.GetProperty("previous_response_id").GetString());
        var secondPrompt = app.Engine.LastPrompt!.ToString();
        Assert.StartsWith(firstPrompt + "The capital is Paris.", secondPrompt, StringComparison.Ordinal);
        await CreateAsync(app, $$"""{"input":[{"role":"user","content":"Really?"}],"previous_response_id":"{{IdOf(second)}}"}""");
        var third = app.Engine.LastPrompt!.ToString();

        // Instructions are not taken over.
        Assert.DoesNotContain("Be brief.", third, StringComparison.Ordinal);
        Assert.Equal([true, true, true], new[] { "Where?", "Sure?", "Really?" }.Select(text => third.Contains(text, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Stream_OfStoredResponse_CanBeGoneOnFromAtOnce()
    {
        await using var app = await TestApp.StartAsync();
        var events = await StreamAsync(app, """{"input":"Where?","stream":true}""");
        var whole = events[^1].GetProperty("response");
        Assert.Equal(Enumerable.Range(0, events.Count), events.Select(NumberOf));
        Assert.Equal("response.created", TypeOf(events[0]));
        Assert.Equal("response.completed", TypeOf(events[^1]));
        var done = events.Where(item => TypeOf(item) == "response.output_item.done").Select(item => item.GetProperty("item").GetRawText());
        Assert.Equal(done, whole.GetProperty("output").EnumerateArray().Select(item => item.GetRawText()));
        await CreateAsync(app, $$"""{"previous_response_id":"{{IdOf(whole)}}","input":"Sure?"}""");
        Assert.Equal(whole.GetRawText(), (await GetAsync(app, $"/v1/responses/{IdOf(whole)}")).GetRawText());
    }

    [Fact]
    public async Task Store_False_KeepsNothing()
    {
        await using var app = await TestApp.StartAsync();
        var response = await CreateAsync(app, """{"input":"Where?","store":false}""");
        Assert.False(response.GetProperty("store").GetBoolean());
        using var missing = await app.Client.GetAsync($"/v1/responses/{IdOf(response)}");
        await RequestBodyTests.AssertErrorAsync(missing, HttpStatusCode.NotFound);
        using var next = await app.PostAsync("/v1/responses", $$"""{"input":"x","previous_response_id":"{{IdOf(response)}}"}""");
        await RequestBodyTests.AssertErrorAsync(next, HttpStatusCode.BadRequest, "previous_response_not_found");
    }

    [Fact]
    public async Task Store_SwitchedOff_KeepsNothingAndSaysSo()
    {
        await using var app = await TestApp.StartAsync(("Responses:Store", "false"));
        var response = await CreateAsync(app, """{"input":"Where?","store":true}""");
        Assert.False(response.GetProperty("store").GetBoolean());
        using var next = await app.PostAsync("/v1/responses", $$"""{"input":"x","previous_response_id":"{{IdOf(response)}}"}""");
        await RequestBodyTests.AssertErrorAsync(next, HttpStatusCode.BadRequest, "previous_response_not_found");
        using var background = await app.PostAsync("/v1/responses", """{"input":"x","background":true}""");
        await RequestBodyTests.AssertErrorAsync(background, HttpStatusCode.BadRequest, "invalid_value");
    }

    [Fact]
    public async Task Delete_InTheMiddle_EndsTheConversationBehindIt()
    {
        await using var app = await TestApp.StartAsync();
        var first = await CreateAsync(app, """{"input":"One"}""");
        var second = await CreateAsync(app, $$"""{"input":"Two","previous_response_id":"{{IdOf(first)}}"}""");
        using var deleted = await app.Client.DeleteAsync($"/v1/responses/{IdOf(first)}");
        Assert.Equal($$"""{"id":"{{IdOf(first)}}","object":"response","deleted":true}""", await deleted.Content.ReadAsStringAsync());
        using var again = await app.Client.DeleteAsync($"/v1/responses/{IdOf(first)}");
        await RequestBodyTests.AssertErrorAsync(again, HttpStatusCode.NotFound);
        await GetAsync(app, $"/v1/responses/{IdOf(second)}");
        using var next = await app.PostAsync("/v1/responses", $$"""{"input":"x","previous_response_id":"{{IdOf(second)}}"}""");
        Assert.Contains(IdOf(first), await next.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        await RequestBodyTests.AssertErrorAsync(next, HttpStatusCode.BadRequest, "previous_response_not_found");
    }

    [Fact]
    public async Task InputItems_InPages_AreTheRequestsOwn()
    {
        await using var app = await TestApp.StartAsync();
        var response = await CreateAsync(
            app, """{"input":[{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"type":"message","id":"mine","role":"user","content":[{"type":"input_text","text":"c"}]}]}""");
        var path = $"/v1/responses/{IdOf(response)}/input_items";
        var page = await GetAsync(app, path + "?limit=2");
        Assert.Equal("mine", page.GetProperty("first_id").GetString());
        Assert.True(page.GetProperty("has_more").GetBoolean());
        Assert.Equal(["c", "b"], TextsOf(page));
        var rest = await GetAsync(app, $"{path}?limit=2&after={page.GetProperty("last_id").GetString()}");
        Assert.Equal(["a"], TextsOf(rest));
        Assert.False(rest.GetProperty("has_more").GetBoolean());
        Assert.Equal(["a", "b", "c"], TextsOf(await GetAsync(app, path + "?order=asc")));
        Assert.All((await GetAsync(app, path)).GetProperty("data").EnumerateArray(), item => Assert.Equal("message", item.GetProperty("type").GetString()));
        foreach (var (query, param) in new[] { ("limit=0", "limit"), ("limit=101", "limit"), ("limit=x", "limit"), ("order=up", "order"), ("after=nobody", "after") })
        {
            using var wrong = await app.Client.GetAsync($"{path}?{query}");
            Assert.Equal(param, (await RequestBodyTests.AssertErrorAsync(wrong, HttpStatusCode.BadRequest)).GetProperty("param").GetString());
        }
    }

    [Fact]
    public async Task ItemReference_ToAnEarlierAnswer_StandsForIt()
    {
        await using var app = await TestApp.StartAsync();
        var first = await CreateAsync(app, """{"input":"Where?"}""");
        var item = first.GetProperty("output")[0].GetProperty("id").GetString();
        var second = await CreateAsync(app, $$"""{"input":[{"role":"user","content":"Where?"},{"type":"item_reference","id":"{{item}}"},{"role":"user","content":"Sure?"}]}""");
        Assert.Contains("The capital is Paris.", app.Engine.LastPrompt!.ToString(), StringComparison.Ordinal);
        Assert.Equal("The capital is Paris.", TextsOf(await GetAsync(app, $"/v1/responses/{IdOf(second)}/input_items?order=asc"))[1]);
        using var unknown = await app.PostAsync("/v1/responses", """{"input":[{"id":"msg_nobody"}]}""");
        await RequestBodyTests.AssertErrorAsync(unknown, HttpStatusCode.BadRequest, "invalid_value");
    }

    [Fact]
    public async Task Foreground_ClientLeaves_IsAbortedAndNotKept()
    {
        await using var app = await TestApp.StartAsync(new FakeEngine { IsManual = true });
        string? id;
        FakeGeneration generation;
        using (var response = await SendAsync(app, """{"input":"Where?","stream":true}"""))
        {
            using var reader = new EventReader(response);
            id = IdOf((await reader.NextAsync())!.Value.GetProperty("response"));
            generation = await app.Engine.NextAsync(TestApp.Patience);
        }

        await generation.Aborted.WaitAsync(TestApp.Patience);
        await TestApp.UntilAsync(() => app.Gate.NumTaken == 0);
        using var missing = await app.Client.GetAsync($"/v1/responses/{id}");
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
    }

    [Fact]
    public async Task Foreground_DeviceFails_EndsWithAFailedResponse()
    {
        await using var app = await TestApp.StartAsync(new FakeEngine { IsManual = true });
        using var response = await SendAsync(app, """{"input":"Where?","stream":true}""");
        var generation = await app.Engine.NextAsync(TestApp.Patience);
        generation.Start();
        generation.Token("Hal");
        generation.Finish(FinishReason.Error);
        using var reader = new EventReader(response);
        var last = (await reader.RestAsync())[^1];
        Assert.Equal("response.failed", TypeOf(last));
        var failed = last.GetProperty("response");
        Assert.Equal(("failed", "server_error"), (failed.GetProperty("status").GetString(), failed.GetProperty("error").GetProperty("code").GetString()));
        Assert.Equal("incomplete", failed.GetProperty("output")[0].GetProperty("status").GetString());
    }

    [Fact]
    public async Task Stream_Silent_IsPinged()
    {
        await using var app = await TestApp.StartAsync(new FakeEngine { IsManual = true }, TimeProvider.System, ("Server:PingIntervalMs", "30"));
        foreach (var body in new[] { """{"input":"x","stream":true}""", """{"input":"x","stream":true,"background":true}""" })
        {
            using var response = await SendAsync(app, body);
            using var reader = new EventReader(response);
            var generation = await app.Engine.NextAsync(TestApp.Patience);
            var reading = reader.RestAsync();
            await TestApp.UntilAsync(() => reader.NumPings > 0);
            generation.Play(["x"], 0);
            Assert.Equal("response.completed", TypeOf((await reading)[^1]));
        }
    }

    [Theory]
    [InlineData("\"auto\"", false)]
    [InlineData("\"none\"", false)]
    [InlineData("\"required\"", true)]
    [InlineData("{\"type\":\"function\",\"name\":\"search\"}", true)]
    [InlineData("{\"type\":\"allowed_tools\",\"mode\":\"auto\",\"tools\":[{\"type\":\"function\",\"name\":\"ping\"}]}", true)]
    public async Task ToolChoice_ThatMustBeKept_IsAGrammar(string choice, bool isConstrained)
    {
        await using var app = await TestApp.StartAsync(("Inference:ChatTemplate", ReferenceTemplates.FileOf("Qwen-Qwen3-0.6B")));
        await CreateAsync(
            app,
            $$"""{"input":"x","tool_choice":{{choice}},"tools":[{"type":"function","name":"ping"},{"type":"namespace","name":"web","tools":[{"type":"function","name":"search"}]},{"type":"web_search"}]}""");
        Assert.Equal(isConstrained, app.Engine.Generations[0].Request.Grammar is not null);
        Assert.Equal(choice != "\"none\"", app.Engine.LastPrompt!.ToString().Contains("\"ping\"", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("\"auto\"", true)]
    [InlineData("{\"type\":\"function\",\"name\":\"ping\"}", true)]
    [InlineData("\"required\"", false)]
    [InlineData("{\"type\":\"custom\",\"name\":\"patch\"}", false)]
    [InlineData("{\"type\":\"allowed_tools\",\"mode\":\"required\",\"tools\":[{\"type\":\"custom\",\"name\":\"patch\"}]}", false)]
    public async Task CustomTool_WithAnUnknownGrammar_IsOfferedWithoutItAndNeverForced(string choice, bool isTaken)
    {
        await using var app = await TestApp.StartAsync(("Inference:ChatTemplate", ReferenceTemplates.FileOf("Qwen-Qwen3-0.6B")));
        using var response = await app.PostAsync(
            "/v1/responses",
            $$$"""{"input":"x","tool_choice":{{{choice}}},"tools":[{"type":"function","name":"ping"},{"type":"custom","name":"patch","format":{"type":"grammar","syntax":"lark","definition":"start: /a/"}}]}""");
        if (isTaken)
        {
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Contains("\"patch\"", app.Engine.LastPrompt!.ToString(), StringComparison.Ordinal);
        }
        else
        {
            Assert.Equal("tools[1].format.syntax", (await RequestBodyTests.AssertErrorAsync(response, HttpStatusCode.BadRequest, "unsupported_value")).GetProperty("param").GetString());
        }
    }

    [Fact]
    public async Task TextFormat_Schema_IsAGrammarOrRefusedByPlace()
    {
        await using var app = await TestApp.StartAsync();
        await CreateAsync(app, """{"input":"x","text":{"format":{"type":"json_schema","name":"n","strict":true,"schema":{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false}}}}""");
        await CreateAsync(app, """{"input":"x","text":{"format":{"type":"json_object"}}}""");
        Assert.All(app.Engine.Generations, generation => Assert.NotNull(generation.Request.Grammar));
        using var bad = await app.PostAsync("/v1/responses", """{"input":"x","text":{"format":{"type":"json_schema","name":"n","schema":{"type":"wrong"}}}}""");
        Assert.Equal("text.format.schema", (await RequestBodyTests.AssertErrorAsync(bad, HttpStatusCode.BadRequest, "invalid_json_schema")).GetProperty("param").GetString());
    }

    [Theory]
    [InlineData("")]
    [InlineData(""","stream":true""")]
    [InlineData(""","background":true""")]
    public async Task StrictTool_UnderAnyChoice_IsEnforcedOrRefusedBeforeTheFirstByte(string fields)
    {
        const string Good = """{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false}""";
        const string Weak = """{"type":"object","properties":{"a":{"not":{"const":1}}},"required":["a"],"additionalProperties":false}""";
        await using var app = await TestApp.StartAsync(("Inference:ChatTemplate", ReferenceTemplates.FileOf("Qwen-Qwen3-0.6B")));
        foreach (var (schema, strict) in new[] { (Weak, "true"), (Good, "true"), (Weak, "false") })
        {
            var tool = $$$"""{"type":"function","name":"f","strict":{{{strict}}},"parameters":{{{schema}}}}""";
            using var response = await app.PostAsync("/v1/responses", $$"""{"input":"x","tools":[{{tool}}]{{fields}}}""");
            if (schema == Weak && strict == "true")
            {
                var error = await RequestBodyTests.AssertErrorAsync(response, HttpStatusCode.BadRequest, "invalid_json_schema");
                Assert.Equal("tools[0].parameters", error.GetProperty("param").GetString());
                Assert.Contains("#/properties/a/not", error.GetProperty("message").GetString(), StringComparison.Ordinal);
                Assert.Empty(app.Engine.Generations);
            }
            else
            {
                Assert.Equal(HttpStatusCode.OK, response.StatusCode);
                await response.Content.ReadAsStringAsync();
            }
        }

        Assert.Equal([true, false], app.Engine.Generations.Select(generation => generation.Request.Grammar is not null));
    }

    internal static async Task<JsonElement> CreateAsync(TestApp app, string body)
    {
        using var response = await app.PostAsync("/v1/responses", body);
        return await JsonAsync(response);
    }

    internal static async Task<JsonElement> GetAsync(TestApp app, string path)
    {
        using var response = await app.Client.GetAsync(path);
        return await JsonAsync(response);
    }

    internal static async Task<List<JsonElement>> StreamAsync(TestApp app, string body)
    {
        using var response = await SendAsync(app, body);
        using var reader = new EventReader(response);
        return await reader.RestAsync();
    }

    internal static Task<HttpResponseMessage> SendAsync(TestApp app, string body) => app.Client.SendAsync(
        new HttpRequestMessage(HttpMethod.Post, "/v1/responses") { Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json") },
        HttpCompletionOption.ResponseHeadersRead);

    internal static string IdOf(JsonElement response) => response.GetProperty("id").GetString()!;

    internal static string TypeOf(JsonElement item) => item.GetProperty("type").GetString()!;

    internal static int NumberOf(JsonElement item) => item.GetProperty("sequence_number").GetInt32();

    private static string[] TextsOf(JsonElement list) =>
        [.. list.GetProperty("data").EnumerateArray().Select(item => item.GetProperty("content")[0].GetProperty("text").GetString()!)];

    private static async Task<JsonElement> JsonAsync(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonDocument.Parse(text).RootElement;
    }
}
