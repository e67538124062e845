using System.Net;
using System.Net.Sockets;
using System.Text;
using InferenceServer.Inference.Scheduling;
using InferenceServer.Server.Hosting;
using InferenceServer.Server.Tests.Streaming;
using InferenceServer.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace InferenceServer.Server.Tests.Hosting;

public sealed class DrainTests
{
    private static readonly (string, string?) Patient = ("Server:DrainTimeoutMs", "60000");

    private const string Hi = """{"messages":[{"role":"user","content":"Hi"}],"stream":true}""";

    [Theory]
    [InlineData("/v1/chat/completions", """{"messages":[{"role":"user","content":"Hi"}]}""")]
    [InlineData("/v1/completions", """{"prompt":"Hi"}""")]
    [InlineData("/v1/messages", """{"max_tokens":4,"messages":[{"role":"user","content":"Hi"}]}""")]
    [InlineData("/v1/embeddings", """{"input":"Hi"}""")]
    public async Task Stop_WhileARequestRuns_RefusesNewOnesAndLetsItFinish(string path, string body)
    {
        await using var app = await TestApp.StartAsync(new FakeEngine { IsManual = true }, Patient);
        using var response = await app.StreamAsync(Hi);
        using var reader = new SseReader(response);
        var generation = await app.Engine.NextAsync(TestApp.Patience);
        generation.Start();
        await reader.ChunkAsync();

        var stopped = app.StopAsync();
        await WaitUntilDrainingAsync(app);
        using (var refused = await app.PostAsync(path, body))
        {
            Assert.Equal(path == "/v1/messages" ? 529 : 503, (int)refused.StatusCode);
            Assert.Equal(TimeSpan.FromSeconds(10), refused.Headers.RetryAfter?.Delta);
        }

        Assert.Equal(HttpStatusCode.OK, (await app.Client.GetAsync("/livez")).StatusCode);
        Assert.False(stopped.IsCompleted);
        generation.Token("late");
        Assert.Equal("late", Assert.Single((await reader.ChunkAsync()).Choices).Delta.Content);
        generation.Finish(FinishReason.Stop);
        Assert.Equal("[DONE]", (await reader.RestAsync())[^1]);
        await stopped.WaitAsync(TestApp.Patience);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Stop_WhileAClientDoesNotRead_DoesNotWaitForIt(bool stream)
    {
        var engine = new FakeEngine { IsManual = true };
        await using var app = await TestApp.StartAsync(engine, ("Server:DrainTimeoutMs", "3600000"));
        using (var socket = new TcpClient { ReceiveBufferSize = 4096 })
        {
            await socket.ConnectAsync("127.0.0.1", app.Port);
            var body = $$"""{"messages":[{"role":"user","content":"Hi"}],"stream":{{(stream ? "true" : "false")}}}""";
            await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: {body.Length}\r\n\r\n{body}"));
            var generation = await engine.NextAsync(TestApp.Patience);
            generation.Start();
            foreach (var text in Enumerable.Repeat(new string('x', 1 << 20), 16))
            {
                // More than all buffers between here and there hold.
                generation.Token(text);
            }

            generation.Finish(FinishReason.Stop);
            await app.Drain.StoppingAsync(default).WaitAsync(TestApp.Patience);
            await TestApp.UntilAsync(() => app.Gate.NumTaken == 0);
        }
    }

    [Fact]
    public async Task Stop_WhileABackgroundResponseRuns_LetsItFinish()
    {
        await using var app = await TestApp.StartAsync(new FakeEngine { IsManual = true }, Patient);
        using var created = await app.PostAsync("/v1/responses", """{"input":"Hi","background":true}""");
        Assert.Equal(HttpStatusCode.OK, created.StatusCode);
        var generation = await app.Engine.NextAsync(TestApp.Patience);
        var drained = app.Drain.StoppingAsync(default);
        Assert.False(drained.IsCompleted);
        generation.Play(["x"], 0);
        await drained.WaitAsync(TestApp.Patience);
    }

    [Fact]
    public async Task Hurry_WhileARequestRuns_EndsTheDrain()
    {
        await using var app = await TestApp.StartAsync(new FakeEngine { IsManual = true }, Patient);
        using var response = await app.StreamAsync(Hi);
        var generation = await app.Engine.NextAsync(TestApp.Patience);
        var drained = app.Drain.StoppingAsync(default);
        Assert.False(drained.IsCompleted);
        app.Drain.Hurry();
        await drained.WaitAsync(TestApp.Patience);
        generation.Finish(FinishReason.Aborted);
    }

    [Fact]
    public async Task Limit_WhileARequestRuns_EndsTheDrain()
    {
        await using var app = await TestApp.StartAsync(new FakeEngine { IsManual = true }, ("Server:DrainTimeoutMs", "1"));
        using var response = await app.StreamAsync(Hi);
        var generation = await app.Engine.NextAsync(TestApp.Patience);
        await app.Drain.StoppingAsync(default).WaitAsync(TestApp.Patience);
        generation.Finish(FinishReason.Aborted);
    }

    [Fact]
    public async Task Enter_AgainstAStop_IsEitherWaitedForOrRefused()
    {
        var settings = SettingsReader.Read(new ConfigurationBuilder().Build(), out _);
        for (var round = 0; round < 200; round++)
        {
            var drain = new Drain(settings, TimeProvider.System, NullLogger<Drain>.Instance);
            var numInside = 0;
            var visitors = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
            {
                while (drain.TryEnter())
                {
                    Interlocked.Increment(ref numInside);
                    await Task.Yield();
                    Interlocked.Decrement(ref numInside);
                    drain.Leave();
                }
            })).ToArray();
            await drain.StoppingAsync(default).WaitAsync(TestApp.Patience);
            Assert.Equal(0, Volatile.Read(ref numInside));
            await Task.WhenAll(visitors).WaitAsync(TestApp.Patience);
            Assert.Equal(0, Volatile.Read(ref numInside));
        }
    }

    private static async Task WaitUntilDrainingAsync(TestApp app)
    {
        var deadline = DateTime.UtcNow + TestApp.Patience;
        while (true)
        {
            using var response = await app.Client.GetAsync("/readyz");
            if (response.StatusCode == HttpStatusCode.ServiceUnavailable)
            {
                Assert.Equal(TimeSpan.FromSeconds(10), response.Headers.RetryAfter?.Delta);
                return;
            }

            Assert.True(DateTime.UtcNow < deadline, "The server does not drain.");
            await Task.Delay(10);
        }
    }
}
