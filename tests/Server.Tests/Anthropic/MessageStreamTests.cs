using System.Net;
using System.Text;
using System.Text.Json;
using InferenceServer.Inference.Scheduling;
using InferenceServer.Testing;

namespace InferenceServer.Server.Tests.Anthropic;

public sealed class MessageStreamTests
{
    private const string Hi = """{"max_tokens":100,"messages":[{"role":"user","content":"Hi"}],"stream":true}""";
    private const string Tool = """{"max_tokens":100,"messages":[{"role":"user","content":"Hi"}],"stream":true,"tools":[{"name":"f"}]}""";

    [Fact]
    public async Task Stream_BeforeAnyToken_HasBegunTheMessage()
    {
        await using var app = await TestApp.StartAsync(new FakeEngine { IsManual = true });
        using var response = await StreamAsync(app, Hi);
        using var reader = new EventReader(response);
        var start = await reader.NextAsync();
        Assert.Equal("message_start", start.Type);
        Assert.Equal(0, start.Data.GetProperty("message").GetProperty("usage").GetProperty("cache_read_input_tokens").GetInt32());
        var generation = await app.Engine.NextAsync(TestApp.Patience);
        generation.Play(["x"], 3);
        var rest = await reader.RestAsync();
        Assert.Equal("message_stop", rest[^1].Type);

        // What was in the cache is known only later; the last word on usage has it.
        var usage = rest[^2].Data.GetProperty("usage");
        Assert.Equal(3, usage.GetProperty("cache_read_input_tokens").GetInt32());
        Assert.Equal(generation.Request.PromptTokens.Length - 3, usage.GetProperty("input_tokens").GetInt32());
        Assert.Equal(
            generation.Request.PromptTokens.Length, start.Data.GetProperty("message").GetProperty("usage").GetProperty("input_tokens").GetInt32());
    }

    [Fact]
    public async Task Stream_Silent_IsPingedByEventsFromAdmissionOn()
    {
        await using var app = await TestApp.StartAsync(new FakeEngine { IsManual = true }, TimeProvider.System, ("Server:PingIntervalMs", "30"));
        using var response = await StreamAsync(app, Hi);
        using var reader = new EventReader(response);
        var generation = await app.Engine.NextAsync(TestApp.Patience);
        Assert.Equal(["message_start", "ping", "ping"], [(await reader.NextAsync()).Type, (await reader.NextAsync()).Type, (await reader.NextAsync()).Type]);
        generation.Play(["x"], 0);
        Assert.Equal("message_stop", (await reader.RestAsync())[^1].Type);
    }

    [Fact]
    public async Task Stream_TokensHeldBack_CountAsSilence()
    {
        await using var app = await TestApp.StartAsync(new FakeEngine { IsManual = true }, TimeProvider.System, ("Server:PingIntervalMs", "100"));
        using var response = await StreamAsync(app, Hi);
        using var reader = new EventReader(response);
        var generation = await app.Engine.NextAsync(TestApp.Patience);
        Assert.Equal("message_start", (await reader.NextAsync()).Type);
        generation.Start();

        // Spaces wait for what follows them.
        using var stop = new CancellationTokenSource();
        var tokens = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                generation.Token(" ");
                await Task.Delay(10);
            }
        });
        Assert.Equal("ping", (await reader.NextAsync()).Type);
        await stop.CancelAsync();
        await tokens;
        generation.Finish(FinishReason.Stop);
        Assert.Equal("message_stop", (await reader.RestAsync())[^1].Type);
    }

    [Theory]
    [InlineData(0, 10_000)]
    [InlineData(30_000, 10_000)]
    [InlineData(5_000, 5_000)]
    public void PingInterval_AtMost_IsTenSeconds(int configured, int expected)
    {
        var identity = new Server.Streaming.AnswerIdentity("msg_x", 0, "m", "fp", "default");
        using var writer = new Server.Anthropic.MessageEventWriter(new System.Buffers.ArrayBufferWriter<byte>(), identity, "req_x", 10);
        Assert.Equal(TimeSpan.FromMilliseconds(expected), writer.PingInterval(TimeSpan.FromMilliseconds(configured)));
    }

    [Fact]
    public async Task Stream_BlocksOfAllKinds_FollowOneAnother()
    {
        await using var app = await TestApp.StartAsync(new FakeEngine { IsManual = true }, ("Inference:ChatTemplate", ReferenceTemplates.FileOf("Qwen-Qwen3-0.6B")));
        using var response = await StreamAsync(app, Tool);
        using var reader = new EventReader(response);
        var generation = await app.Engine.NextAsync(TestApp.Patience);
        generation.Play(["<think>\nHm", "m\n</think>\n\n", "So", ".\n", "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\"", ": 1}}\n</tool_call>"], 0);
        var events = await reader.RestAsync();
        Assert.Equal("message_start", events[0].Type);
        Assert.Equal(["message_delta", "message_stop"], events[^2..].Select(item => item.Type));
        Assert.Equal("tool_use", events[^2].Data.GetProperty("delta").GetProperty("stop_reason").GetString());

        // One block open at a time, each with the next index, a thought signed before it ends.
        var blocks = new List<(string Type, string Text)>();
        var isOpen = false;
        foreach (var (type, data) in events[1..^2])
        {
            Assert.Equal(type == "content_block_start" ? blocks.Count : blocks.Count - 1, data.GetProperty("index").GetInt32());
            Assert.Equal(type != "content_block_start", isOpen);
            switch (type)
            {
                case "content_block_start":
                    isOpen = true;
                    blocks.Add((data.GetProperty("content_block").GetProperty("type").GetString()!, ""));
                    break;
                case "content_block_stop":
                    isOpen = false;
                    break;
                default:
                    var delta = data.GetProperty("delta");
                    blocks[^1] = (blocks[^1].Type, blocks[^1].Text + delta.EnumerateObject().Last().Value.GetString());
                    break;
            }
        }

        Assert.False(isOpen);
        Assert.Equal([("thinking", "Hmm"), ("text", "So."), ("tool_use", """{"a": 1}""")], blocks);
    }

    [Theory]
    [InlineData(FinishReason.Error, "api_error")]
    [InlineData(FinishReason.Aborted, "overloaded_error")]
    public async Task Stream_FailsAfterFirstByte_EndsWithOneErrorEvent(FinishReason reason, string expected)
    {
        await using var app = await TestApp.StartAsync(new FakeEngine { IsManual = true });
        using var response = await StreamAsync(app, Hi);
        using var reader = new EventReader(response);
        var generation = await app.Engine.NextAsync(TestApp.Patience);
        generation.Start();
        generation.Token("Hal");
        generation.Finish(reason);
        var events = await reader.RestAsync();
        Assert.Equal("error", events[^1].Type);
        Assert.Equal(expected, events[^1].Data.GetProperty("error").GetProperty("type").GetString());
        Assert.StartsWith("req_", events[^1].Data.GetProperty("request_id").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain(events, item => item.Type is "message_delta" or "message_stop");
    }

    [Fact]
    public async Task Answer_FullContext_SaysSoAndNotThatTheLimitWasReached()
    {
        await using var app = await TestApp.StartAsync(new FakeEngine { Reply = [.. Enumerable.Repeat("x", 3000)] }, ("Inference:Context", "256"));
        using var response = await app.PostAsync("/v1/messages", """{"max_tokens":32000,"messages":[{"role":"user","content":"Hi"}]}""");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        using var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        Assert.Equal("model_context_window_exceeded", body.RootElement.GetProperty("stop_reason").GetString());
    }

    [Theory]
    [InlineData("Bearer secret", null)]
    [InlineData(null, "secret")]
    [InlineData("Bearer other", "secret")]
    [InlineData("Bearer secret", "other")]
    public async Task Key_InEitherHeader_OpensTheDoor(string? authorization, string? key)
    {
        await using var app = await TestApp.StartAsync(("Server:ApiKey", "secret"));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/messages") { Content = new StringContent(Hi) };
        if (authorization is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        }

        if (key is not null)
        {
            request.Headers.TryAddWithoutValidation("x-api-key", key);
        }

        using var response = await app.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(response.Headers.GetValues("x-request-id"), response.Headers.GetValues("request-id"));
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/api/hello")]
    public async Task Head_OfAnAgentsProbe_NeedsNoKey(string path)
    {
        await using var app = await TestApp.StartAsync(("Server:ApiKey", "secret"));
        using var response = await app.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, path));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    private static Task<HttpResponseMessage> StreamAsync(TestApp app, string body) => app.Client.SendAsync(
        new HttpRequestMessage(HttpMethod.Post, "/v1/messages") { Content = new StringContent(body, Encoding.UTF8, "application/json") },
        HttpCompletionOption.ResponseHeadersRead);

    /// <summary>Reads named events; fails on an event whose name is not its data's type.</summary>
    private sealed class EventReader(HttpResponseMessage response) : IDisposable
    {
        private StreamReader? _lines;

        public async Task<(string Type, JsonElement Data)> NextAsync() => await TryNextAsync() ?? throw new InvalidOperationException("The stream is over.");

        public async Task<List<(string Type, JsonElement Data)>> RestAsync()
        {
            var events = new List<(string, JsonElement)>();
            while (await TryNextAsync() is { } item)
            {
                events.Add(item);
            }

            return events;
        }

        public void Dispose() => _lines?.Dispose();

        private async Task<(string Type, JsonElement Data)?> TryNextAsync()
        {
            _lines ??= new StreamReader(await response.Content.ReadAsStreamAsync());
            if (await _lines.ReadLineAsync().WaitAsync(TestApp.Patience) is not { } name)
            {
                return null;
            }

            var data = await _lines.ReadLineAsync().WaitAsync(TestApp.Patience);
            Assert.Equal("", await _lines.ReadLineAsync().WaitAsync(TestApp.Patience));
            Assert.StartsWith("event: ", name, StringComparison.Ordinal);
            Assert.StartsWith("data: ", data, StringComparison.Ordinal);
            var root = JsonElement.Parse(data!["data: ".Length..]);
            Assert.Equal(name["event: ".Length..], root.GetProperty("type").GetString());
            return (root.GetProperty("type").GetString()!, root);
        }
    }
}
