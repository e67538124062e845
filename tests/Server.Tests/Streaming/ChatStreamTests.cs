using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using InferenceServer.Inference.Scheduling;
using InferenceServer.Testing;

namespace InferenceServer.Server.Tests.Streaming;

public sealed class ChatStreamTests
{
    private const string Hi = """{"messages":[{"role":"user","content":"Hi"}],"stream":true}""";

    [Fact]
    public async Task Stream_BeforeAnyToken_HasSentItsHeaders()
    {
        await using var app = await TestApp.StartAsync(new FakeEngine { IsManual = true });
        using var response = await app.StreamAsync(Hi).WaitAsync(TestApp.Patience);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        (await app.Engine.NextAsync(TestApp.Patience)).Play(["x"], 0);
        using var reader = new SseReader(response);
        Assert.Equal("[DONE]", (await reader.RestAsync())[^1]);
    }

    [Fact]
    public async Task Stream_EachToken_LeavesBeforeTheNextIsMade()
    {
        await using var app = await TestApp.StartAsync(new FakeEngine { IsManual = true });
        using var response = await app.StreamAsync(Hi);
        using var reader = new SseReader(response);
        var generation = await app.Engine.NextAsync(TestApp.Patience);
        generation.Start();
        var role = Assert.Single((await reader.ChunkAsync()).Choices);
        Assert.Equal(("assistant", ""), (role.Delta.Role, role.Delta.Content));
        foreach (var text in new[] { "One", " two", " three" })
        {
            generation.Token(text);
            var choice = Assert.Single((await reader.ChunkAsync()).Choices);
            Assert.Equal((null, text, null), (choice.Delta.Role, choice.Delta.Content, choice.FinishReason));
        }

        generation.Finish(FinishReason.Length);
        Assert.Equal("length", Assert.Single((await reader.ChunkAsync()).Choices).FinishReason);
        Assert.Equal(["[DONE]"], await reader.RestAsync());
    }

    [Fact]
    public async Task Stream_CharacterCutByTokens_ArrivesWhole()
    {
        await using var app = await TestApp.StartAsync(new FakeEngine { IsManual = true });
        using var response = await app.StreamAsync(Hi);
        using var reader = new SseReader(response);
        var generation = await app.Engine.NextAsync(TestApp.Patience);
        generation.Start();
        foreach (var unit in Encoding.UTF8.GetBytes("né 🚀你"))
        {
            generation.Token([unit]);
        }

        generation.Finish(FinishReason.Stop);
        var texts = (await reader.RestAsync()).SkipLast(1).Select(data => SseReader.Parse(data).Choices[0].Delta.Content).Where(text => !string.IsNullOrEmpty(text));
        Assert.Equal(["n", "é", " ", "🚀", "你"], texts);
    }

    [Fact]
    public async Task Stream_MarkersAreControlTokens_PartThoughtCallsAndText()
    {
        await using var app = await TestApp.StartAsync(
            new FakeEngine { IsManual = true }, ("Inference:ChatTemplate", ReferenceTemplates.FileOf("openai-gpt-oss-120b")));
        using var response = await app.StreamAsync(
            """{"messages":[{"role":"user","content":"Hi"}],"tools":[{"type":"function","function":{"name":"ping","description":"Pings."}}],"stream":true,"stream_options":{"include_usage":true}}""");
        using var reader = new SseReader(response);
        var generation = await app.Engine.NextAsync(TestApp.Patience);
        generation.Start();
        foreach (var piece in new[]
        {
            "<|channel|>", "analysis", "<|message|>", "Think", "<|end|>", "<|start|>", "assistant", "<|channel|>", "commentary", " to=functions.ping ", "<|constrain|>", "json",
            "<|message|>", "{\"a\":", "1}",
        })
        {
            generation.Token(Encoding.UTF8.GetBytes(piece), isControl: piece.StartsWith("<|", StringComparison.Ordinal));
        }

        generation.Token("<|call|>"u8.ToArray(), isControl: true, endsGeneration: true);
        generation.Finish(FinishReason.Stop);
        var chunks = (await reader.RestAsync()).SkipLast(1).Select(SseReader.Parse).ToList();
        var choices = chunks.SkipLast(1).Select(chunk => chunk.Choices[0]).ToList();
        Assert.Equal("Think", string.Concat(choices.Select(choice => choice.Delta.ReasoningContent)));
        Assert.Equal("", string.Concat(choices.Select(choice => choice.Delta.Content)));
        var calls = choices.SelectMany(choice => choice.Delta.ToolCalls ?? []).ToList();
        Assert.Equal(("ping", "function"), (calls[0].Function!.Name, calls[0].Type));
        Assert.All(calls.Skip(1), call => Assert.Equal((null, null, null), (call.Id, call.Type, call.Function!.Name)));
        Assert.Equal("{\"a\":1}", string.Concat(calls.Select(call => call.Function!.Arguments)));
        Assert.Equal("tool_calls", choices[^1].FinishReason);

        // The channel's head is not known to be a thought's before it ends.
        Assert.Equal(3, chunks[^1].Usage!.CompletionTokensDetails.ReasoningTokens);
    }

    [Fact]
    public async Task Stream_OfTwoChoices_TellsTheSameAsTheWholeAnswer()
    {
        await using var app = await TestApp.StartAsync(new FakeEngine { IsManual = true });
        using var response = await app.StreamAsync("""{"messages":[{"role":"user","content":"Hi"}],"stream":true,"n":2,"stream_options":{"include_usage":true}}""");
        using var reader = new SseReader(response);
        var (one, two) = (await app.Engine.NextAsync(TestApp.Patience), await app.Engine.NextAsync(TestApp.Patience));
        two.Start();
        two.Token("b1");
        one.Start(3);
        one.Token("a1");
        two.Finish(FinishReason.Stop);
        one.Token("a2");
        one.Finish(FinishReason.Length);

        var events = await reader.RestAsync();
        Assert.Equal("[DONE]", events[^1]);
        var chunks = events.SkipLast(1).Select(SseReader.Parse).ToList();
        var usage = chunks[^1];
        Assert.Empty(usage.Choices);
        Assert.Equal(3, usage.Usage!.CompletionTokens);
        Assert.Equal(3, usage.Usage.PromptTokensDetails.CachedTokens);
        Assert.All(chunks.SkipLast(1), chunk => Assert.Null(chunk.Usage));
        var choices = chunks.SkipLast(1).Select(chunk => Assert.Single(chunk.Choices)).ToList();
        Assert.Equal([0, 1], choices.Where(choice => choice.Delta.Role is not null).Select(choice => choice.Index));
        Assert.Equal("a1a2", string.Concat(choices.Where(choice => choice.Index == 0).Select(choice => choice.Delta.Content)));
        Assert.Equal("b1", string.Concat(choices.Where(choice => choice.Index == 1).Select(choice => choice.Delta.Content)));
        Assert.Equal("length", Assert.Single(choices, choice => choice is { Index: 0, FinishReason: not null }).FinishReason);
        Assert.Equal("stop", Assert.Single(choices, choice => choice is { Index: 1, FinishReason: not null }).FinishReason);
        Assert.Single(chunks.Select(chunk => (chunk.Id, chunk.Created, chunk.Model)).Distinct());
    }

    [Fact]
    public async Task Stream_DeviceFailsAfterFirstByte_EndsWithOneErrorEvent()
    {
        await using var app = await TestApp.StartAsync(new FakeEngine { IsManual = true });
        using var response = await app.StreamAsync("""{"messages":[{"role":"user","content":"Hi"}],"stream":true,"n":2}""");
        using var reader = new SseReader(response);
        var (one, two) = (await app.Engine.NextAsync(TestApp.Patience), await app.Engine.NextAsync(TestApp.Patience));
        two.Start();
        one.Start();
        one.Token("Hal");
        one.Finish(FinishReason.Error);
        await two.Aborted.WaitAsync(TestApp.Patience);
        var events = await reader.RestAsync();
        Assert.DoesNotContain("[DONE]", events);
        Assert.Single(events, data => data.StartsWith("{\"error\":", StringComparison.Ordinal));
        using var error = JsonDocument.Parse(events[^1]);
        Assert.Equal("server_error", error.RootElement.GetProperty("error").GetProperty("type").GetString());
        Assert.DoesNotContain(events.SkipLast(1), data => SseReader.Parse(data).Choices[0].FinishReason is not null);
    }

    [Fact]
    public async Task Stream_ServerStops_EndsWithAnErrorEvent()
    {
        await using var app = await TestApp.StartAsync(new FakeEngine { IsManual = true });
        using var response = await app.StreamAsync(Hi);
        using var reader = new SseReader(response);
        var generation = await app.Engine.NextAsync(TestApp.Patience);
        generation.Start();
        generation.Finish(FinishReason.Aborted);
        Assert.StartsWith("{\"error\":", (await reader.RestAsync())[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stream_ClientLeaves_AbortsEveryChoiceAndFreesThePlaces()
    {
        await using var app = await TestApp.StartAsync(new FakeEngine { IsManual = true });
        using (var response = await app.StreamAsync("""{"messages":[{"role":"user","content":"Hi"}],"stream":true,"n":2}"""))
        {
            using var reader = new SseReader(response);
            var (one, two) = (await app.Engine.NextAsync(TestApp.Patience), await app.Engine.NextAsync(TestApp.Patience));
            one.Start();
            await reader.ChunkAsync();
            Assert.Equal(2, app.Gate.NumTaken);
            response.Dispose();
            await Task.WhenAll(one.Aborted, two.Aborted).WaitAsync(TestApp.Patience);
        }

        await TestApp.UntilAsync(() => app.Gate.NumTaken == 0);
    }

    [Fact]
    public async Task Stream_Silent_IsPingedAndOtherwiseNot()
    {
        await using var app = await TestApp.StartAsync(new FakeEngine { IsManual = true }, TimeProvider.System, ("Server:PingIntervalMs", "30"));
        using var response = await app.StreamAsync(Hi);
        using var reader = new SseReader(response);
        var generation = await app.Engine.NextAsync(TestApp.Patience);
        Assert.Equal(": ping", await reader.NextAsync());
        Assert.Equal(": ping", await reader.NextAsync());
        generation.Play(["x"], 0);
        Assert.Equal("[DONE]", (await reader.RestAsync())[^1]);
    }

    [Fact]
    public async Task Stream_PingsOff_StaysSilent()
    {
        await using var app = await TestApp.StartAsync(new FakeEngine { IsManual = true }, TimeProvider.System, ("Server:PingIntervalMs", "0"));
        using var response = await app.StreamAsync(Hi);
        using var reader = new SseReader(response);
        var generation = await app.Engine.NextAsync(TestApp.Patience);
        await Task.Delay(100);
        generation.Play(["x"], 0);
        Assert.DoesNotContain(": ping", await reader.RestAsync());
    }

    [Fact]
    public async Task Stream_NobodyReads_HoldsUpNobodyElse()
    {
        await using var app = await TestApp.StartAsync(new FakeEngine { IsManual = true });
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await socket.ConnectAsync(IPAddress.Loopback, app.Port);
        await socket.SendAsync(Encoding.ASCII.GetBytes($"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: {Hi.Length}\r\n\r\n{Hi}"));
        var stalled = await app.Engine.NextAsync(TestApp.Patience);
        stalled.Start();

        // Far more than all buffers on the way hold.
        var kilobyte = new string('x', 1024);
        for (var i = 0; i < 32 * 1024; i++)
        {
            stalled.Token(kilobyte);
        }

        for (var i = 0; i < 3; i++)
        {
            var pending = app.StreamAsync(Hi);
            (await app.Engine.NextAsync(TestApp.Patience)).Play(["fine"], 0);
            using var response = await pending;
            using var reader = new SseReader(response);
            Assert.Equal("[DONE]", (await reader.RestAsync())[^1]);
        }

        Assert.False(stalled.Aborted.IsCompleted);
        socket.Close(0);
        await stalled.Aborted.WaitAsync(TestApp.Patience);
        await TestApp.UntilAsync(() => app.Gate.NumTaken == 0);
    }

    [Fact]
    public async Task Stream_UsageForcedByServer_IsSentUnasked()
    {
        await using var app = await TestApp.StartAsync(("Server:AlwaysIncludeUsage", "true"));
        using var response = await app.StreamAsync(Hi);
        using var reader = new SseReader(response);
        var events = await reader.RestAsync();
        Assert.NotNull(SseReader.Parse(events[^2]).Usage);
    }

    [Fact]
    public async Task Stream_UsageAskedFor_AddsExactlyOneChunk()
    {
        await using var app = await TestApp.StartAsync();
        using var plain = await app.StreamAsync(Hi);
        using var plainReader = new SseReader(plain);
        var without = await plainReader.RestAsync();
        using var asked = await app.StreamAsync("""{"messages":[{"role":"user","content":"Hi"}],"stream":true,"stream_options":{"include_usage":true}}""");
        using var askedReader = new SseReader(asked);
        Assert.Equal(without.Count + 1, (await askedReader.RestAsync()).Count);
        Assert.DoesNotContain(without, data => data.Contains("usage", StringComparison.Ordinal));
    }
}
