using System.Net;
using System.Text.Json;
using InferenceServer.Inference.Engine;
using InferenceServer.Testing;

namespace InferenceServer.Server.Tests.Endpoints;

public sealed class TokenizationTests
{
    [Theory]
    [InlineData("""{"content":"Hi"}""", false, true)]
    [InlineData("""{"content":"Hi","add_special":true,"parse_special":false}""", true, false)]
    [InlineData("""{"prompt":"Hi"}""", true, true)]
    [InlineData("""{"prompt":"Hi","add_special_tokens":false}""", false, true)]
    public async Task Tokenize_Dialects_HaveTheirOwnDefaults(string body, bool addBos, bool isParsed)
    {
        await using var app = await TestApp.StartAsync();
        var answer = await AnswerAsync(app, "/tokenize", body);
        Assert.Equal([72, 105], answer.GetProperty("tokens").EnumerateArray().Select(token => token.GetInt32()));
        Assert.Equal((2, TestApp.ContextLength), (answer.GetProperty("count").GetInt32(), answer.GetProperty("max_model_len").GetInt32()));
        Assert.Equal(addBos, app.Engine.LastPrompt!.AddsSpecial);
        Assert.Equal(isParsed, Assert.Single(app.Engine.LastPrompt.Segments).FromTemplate);
    }

    [Fact]
    public async Task Tokenize_Messages_AreTheTokensOfTheChat()
    {
        await using var app = await TestApp.StartAsync();
        var count = (await AnswerAsync(app, "/v1/tokenize", """{"messages":[{"role":"user","content":"Hi"}]}""")).GetProperty("count").GetInt32();
        var tokenized = app.Engine.LastPrompt;
        var chat = await AnswerAsync(app, "/v1/chat/completions", """{"messages":[{"role":"user","content":"Hi"}]}""");
        Assert.Equal(app.Engine.LastPrompt!.ToString(), tokenized!.ToString());
        Assert.Equal(chat.GetProperty("usage").GetProperty("prompt_tokens").GetInt32(), count);
    }

    [Fact]
    public async Task Tokenize_EmptyText_HasNoTokens()
    {
        await using var app = await TestApp.StartAsync();
        Assert.Equal(0, (await AnswerAsync(app, "/tokenize", """{"content":""}""")).GetProperty("count").GetInt32());
    }

    [Theory]
    [InlineData("/tokenize", """{}""", "content")]
    [InlineData("/tokenize", """{"content":5}""", "content")]
    [InlineData("/tokenize", """{"prompt":["a"]}""", "prompt")]
    [InlineData("/tokenize", """{"content":"a","with_pieces":1}""", "with_pieces")]
    [InlineData("/tokenize", """{"messages":[]}""", "messages")]
    [InlineData("/detokenize", """{}""", "tokens")]
    [InlineData("/detokenize", """{"tokens":"a"}""", "tokens")]
    [InlineData("/detokenize", """{"tokens":[1,1000]}""", "tokens[1]")]
    [InlineData("/detokenize", """{"tokens":[-1]}""", "tokens[0]")]
    [InlineData("/detokenize", """{"tokens":[null]}""", "tokens[0]")]
    public async Task Request_WrongField_IsNamed(string path, string body, string param)
    {
        await using var app = await TestApp.StartAsync();
        using var response = await app.PostAsync(path, body);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal(param, JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("error").GetProperty("param").GetString());
    }

    [Theory]
    [InlineData("/tokenize", """{"content":"a"}""")]
    [InlineData("/detokenize", """{"tokens":[1]}""")]
    public async Task Request_WhileLoading_IsUnavailable(string path, string body)
    {
        await using var app = await TestApp.StartAsync(new FakeEngine { State = EngineState.Loading });
        using var response = await app.PostAsync(path, body);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
    }

    [Fact]
    public async Task Tokenize_StrictModel_RefusesOtherNames()
    {
        await using var app = await TestApp.StartAsync(("Server:StrictModel", "true"));
        using var response = await app.PostAsync("/tokenize", """{"content":"a","model":"other"}""");
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    private static async Task<JsonElement> AnswerAsync(TestApp app, string path, string body)
    {
        using var response = await app.PostAsync(path, body);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        return JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
    }
}
