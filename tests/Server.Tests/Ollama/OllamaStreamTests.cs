using System.Net;
using System.Text;
using System.Text.Json;
using InferenceServer.Inference.Scheduling;
using InferenceServer.Testing;

namespace InferenceServer.Server.Tests.Ollama;

public sealed class OllamaStreamTests
{
    private const string Hi = """{"messages":[{"role":"user","content":"Hi"}]}""";

    [Fact]
    public async Task Stream_Silent_SendsLinesWithoutText()
    {
        await using var app = await TestApp.StartAsync(new FakeEngine { IsManual = true }, TimeProvider.System, ("Server:PingIntervalMs", "30"));
        using var response = await StreamAsync(app, "/api/chat", Hi);
        Assert.Equal("application/x-ndjson", response.Content.Headers.ContentType?.MediaType);
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync());
        var ping = JsonElement.Parse((await lines.ReadLineAsync().WaitAsync(TestApp.Patience))!);
        Assert.Equal(("", false), (ping.GetProperty("message").GetProperty("content").GetString(), ping.GetProperty("done").GetBoolean()));
        (await app.Engine.NextAsync(TestApp.Patience)).Play(["x"], 0);
        var last = (await lines.ReadToEndAsync().WaitAsync(TestApp.Patience)).TrimEnd('\n').Split('\n')[^1];
        Assert.True(JsonElement.Parse(last).GetProperty("done").GetBoolean());
    }

    [Theory]
    [InlineData("/api/chat", Hi)]
    [InlineData("/api/generate", """{"prompt":"Hi"}""")]
    public async Task Stream_FailsAfterFirstByte_EndsWithOneErrorLine(string path, string body)
    {
        await using var app = await TestApp.StartAsync(new FakeEngine { IsManual = true });
        using var response = await StreamAsync(app, path, body);
        var generation = await app.Engine.NextAsync(TestApp.Patience);
        generation.Start();
        generation.Token("Hal");
        generation.Finish(FinishReason.Error);
        var lines = (await response.Content.ReadAsStringAsync()).TrimEnd('\n').Split('\n').Select(line => JsonElement.Parse(line)).ToList();
        Assert.NotEmpty(lines[^1].GetProperty("error").GetString()!);
        Assert.All(lines.SkipLast(1), line => Assert.False(line.GetProperty("done").GetBoolean()));
    }

    [Theory]
    [InlineData("/api/chat", """{"model":"x","messages":[],"keep_alive":"5m"}""", "message")]
    [InlineData("/api/generate", """{"model":"x"}""", "response")]
    public async Task Request_ThatAsksNothing_SaysTheModelIsLoaded(string path, string body, string field)
    {
        await using var app = await TestApp.StartAsync();
        using var response = await app.PostAsync(path, body);
        var answer = JsonElement.Parse(await response.Content.ReadAsStringAsync());
        Assert.Equal(("load", true), (answer.GetProperty("done_reason").GetString(), answer.GetProperty("done").GetBoolean()));
        Assert.True(answer.TryGetProperty(field, out _));
        Assert.Empty(app.Engine.Generations);
    }

    [Fact]
    public async Task Show_OfStrictServer_FindsTheModelWithItsTag()
    {
        await using var app = await TestApp.StartAsync(("Server:StrictModel", "true"));
        using var found = await app.PostAsync("/api/show", """{"model":"tiny-chat:latest"}""");
        Assert.Equal(HttpStatusCode.OK, found.StatusCode);
        using var chat = await app.PostAsync("/api/chat", """{"model":"tiny-chat:latest","messages":[{"role":"user","content":"Hi"}],"stream":false}""");
        Assert.Equal(HttpStatusCode.OK, chat.StatusCode);
        foreach (var path in new[] { "/api/show", "/api/chat", "/api/generate" })
        {
            using var missing = await app.PostAsync(path, """{"model":"other"}""");
            Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
            var error = Assert.Single(JsonElement.Parse(await missing.Content.ReadAsStringAsync()).EnumerateObject());
            Assert.Equal(("error", JsonValueKind.String), (error.Name, error.Value.ValueKind));
        }
    }

    private static Task<HttpResponseMessage> StreamAsync(TestApp app, string path, string body) => app.Client.SendAsync(
        new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") },
        HttpCompletionOption.ResponseHeadersRead);
}
