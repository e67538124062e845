using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using InferenceServer.Inference.Scheduling;
using InferenceServer.Server.Access;
using InferenceServer.Server.Hosting;
using InferenceServer.Server.Tests.Endpoints;
using InferenceServer.Server.Tests.Streaming;
using InferenceServer.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace InferenceServer.Server.Tests.Access;

/// <summary>Limits as clients meet them.</summary>
public sealed class LimitsTests : IDisposable
{
    private const string Hi = """{"messages":[{"role":"user","content":"Hi"}]}""";
    private const string HiStream = """{"messages":[{"role":"user","content":"Hi"}],"stream":true}""";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("limits-");

    private string Keys => Path.Combine(_folder.FullName, "keys");

    private string Usage => Path.Combine(_folder.FullName, "state", "usage.json");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Requests_WithinALimit_AreToldHowFarItIsUsedUp()
    {
        await using var app = await TestApp.StartAsync(("Limits:RequestsPerMinute", "60"), ("Limits:TokensPerMinute", "6000"));
        using var response = await app.ChatAsync(Hi);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(
            ["60", "59", "1s", "6000", "6000", "0ms"],
            new[] { "limit-requests", "remaining-requests", "reset-requests", "limit-tokens", "remaining-tokens", "reset-tokens" }.Select(name => response.Headers.GetValues("x-ratelimit-" + name).Single()));
        var used = (await ChatCompletionsTests.JsonAsync(response)).GetProperty("usage").GetProperty("total_tokens").GetInt32();
        using var next = await app.ChatAsync(Hi);
        Assert.Equal((6000 - used).ToString(System.Globalization.CultureInfo.InvariantCulture), next.Headers.GetValues("x-ratelimit-remaining-tokens").Single());
    }

    [Fact]
    public async Task Requests_WithoutLimits_HaveNoSuchHeaders()
    {
        await using var app = await TestApp.StartAsync();
        using var response = await app.ChatAsync(Hi);
        Assert.DoesNotContain(response.Headers, header => header.Key.StartsWith("x-ratelimit", StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData("/v1/embeddings", """{"input":"Hi there"}""")]
    [InlineData("/v1/completions", """{"prompt":"Hi"}""")]
    [InlineData("/v1/messages", """{"max_tokens":4,"messages":[{"role":"user","content":"Hi"}]}""")]
    [InlineData("/v1/responses", """{"input":"Hi"}""")]
    [InlineData("/api/chat", """{"messages":[{"role":"user","content":"Hi"}],"stream":false}""")]
    [InlineData("/completion", """{"prompt":"Hi"}""")]
    public async Task Tokens_OfEveryKindOfRequest_AreCharged(string path, string body)
    {
        await using var app = await TestApp.StartAsync(("Limits:TokensPerMinute", "1"));
        using var first = await app.PostAsync(path, body);
        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        await TestApp.UntilAsync(() => app.Services.GetRequiredService<ApiKeys>().Everybody.UsedToday > 1);
        using var second = await app.PostAsync(path, body);
        Assert.Equal(HttpStatusCode.TooManyRequests, second.StatusCode);
    }

    [Fact]
    public async Task Tokens_InTheBackground_AreCharged()
    {
        var engine = new FakeEngine { IsManual = true };
        await using var app = await TestApp.StartAsync(engine, ("Limits:TokensPerMinute", "1000"), ("Limits:Concurrency", "1"));
        using var created = await app.PostAsync("/v1/responses", """{"input":"Hi","background":true}""");
        var everybody = app.Services.GetRequiredService<ApiKeys>().Everybody;
        Assert.Equal(0, everybody.UsedToday);
        using (var refused = await app.ChatAsync(Hi))
        {
            await RequestBodyTests.AssertErrorAsync(refused, HttpStatusCode.TooManyRequests, "rate_limit_exceeded");
        }

        (await engine.NextAsync(TestApp.Patience)).Play(["a", "b"], 0);
        await TestApp.UntilAsync(() => everybody.UsedToday > 2 && app.Gate.NumTaken == 0);
        engine.IsManual = false;
        using var taken = await app.ChatAsync(Hi);
        Assert.Equal(HttpStatusCode.OK, taken.StatusCode);
    }

    [Fact]
    public async Task Concurrency_OfAKey_IsItsOwn()
    {
        await WriteKeysAsync(("one", "first", "concurrency=2"), ("two", "second", ""));
        var engine = new FakeEngine { IsManual = true };
        await using var app = await TestApp.StartAsync(engine, ("Server:ApiKeyFile", Keys));
        using var running = await SendAsync(app, "first", """{"messages":[{"role":"user","content":"Hi"}],"stream":true,"n":2}""");
        Assert.Equal(HttpStatusCode.OK, running.StatusCode);
        using var refused = await SendAsync(app, "first", Hi);
        await RequestBodyTests.AssertErrorAsync(refused, HttpStatusCode.TooManyRequests, "rate_limit_exceeded");
        Assert.Equal(TimeSpan.FromSeconds(1), refused.Headers.RetryAfter?.Delta);
        using var tooMany = await SendAsync(app, "first", """{"messages":[{"role":"user","content":"Hi"}],"n":3}""");
        Assert.Equal(HttpStatusCode.TooManyRequests, tooMany.StatusCode);
        using var other = await SendAsync(app, "second", HiStream);
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
        foreach (var generation in engine.Generations)
        {
            generation.Play(["x"], 0);
        }

        await TestApp.UntilAsync(() => app.Gate.NumTaken == 0);
        engine.IsManual = false;
        using var never = await SendAsync(app, "first", """{"messages":[{"role":"user","content":"Hi"}],"n":3}""");
        await RequestBodyTests.AssertErrorAsync(never, HttpStatusCode.BadRequest, "integer_above_max_value");
        using var again = await SendAsync(app, "first", Hi);
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
    }

    [Fact]
    public async Task Class_OfAKey_IsWhatTheEngineHears()
    {
        await WriteKeysAsync(("one", "first", "class=flex"));
        await using var app = await TestApp.StartAsync(("Server:ApiKeyFile", Keys));
        using var response = await SendAsync(app, "first", """{"messages":[{"role":"user","content":"Hi"}],"service_tier":"priority"}""");
        Assert.Equal(RequestClass.Flex, Assert.Single(app.Engine.Generations).Request.Class);
        Assert.Equal("flex", (await ChatCompletionsTests.JsonAsync(response)).GetProperty("service_tier").GetString());
    }

    [Fact]
    public async Task Quota_UsedUp_OutlivesARestart()
    {
        await WriteKeysAsync(("one", "first", "tokens-per-day=10"), ("two", "second", ""));
        (string, string?)[] settings = [("Server:ApiKeyFile", Keys), ("Limits:UsageFile", Usage)];
        await using (var app = await TestApp.StartAsync(settings))
        {
            using var first = await SendAsync(app, "first", Hi);
            Assert.Equal(HttpStatusCode.OK, first.StatusCode);
            using var other = await SendAsync(app, "second", Hi);
        }

        await using (var app = await TestApp.StartAsync(settings))
        {
            using var refused = await SendAsync(app, "first", Hi);
            await RequestBodyTests.AssertErrorAsync(refused, HttpStatusCode.TooManyRequests, "insufficient_quota");
            Assert.Equal("false", refused.Headers.GetValues("x-should-retry").Single());
            Assert.Equal("0", refused.Headers.GetValues("x-ratelimit-remaining-tokens").Single());
            using var other = await SendAsync(app, "second", Hi);
            Assert.Equal(HttpStatusCode.OK, other.StatusCode);
        }
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"day":"2026-01-02","tokens":{"one":-5}}""")]
    public async Task Usage_Damaged_IsBegunAnew(string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Usage)!);
        await File.WriteAllTextAsync(Usage, text);
        await WriteKeysAsync(("one", "first", "tokens-per-day=10"));
        await using (var app = await TestApp.StartAsync(("Server:ApiKeyFile", Keys), ("Limits:UsageFile", Usage)))
        {
            using var response = await SendAsync(app, "first", Hi);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }

        Assert.True(JsonDocument.Parse(await File.ReadAllTextAsync(Usage)).RootElement.GetProperty("tokens").GetProperty("one").GetInt64() > 10);
    }

    [Fact]
    public async Task Usage_ThatCannotBeKept_StopsNobody()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "state"), "a file where the folder would be");
        await using var app = await TestApp.StartAsync(("Limits:TokensPerDay", "1000"), ("Limits:UsageFile", Usage));
        using var response = await app.ChatAsync(Hi);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Keys_Replaced_KeepWhatWasUsed()
    {
        await WriteKeysAsync(("one", "first", "requests-per-minute=1"));
        await using var app = await TestApp.StartAsync(("Server:ApiKeyFile", Keys));
        using var first = await SendAsync(app, "first", Hi);
        await WriteKeysAsync(("one", "other", "requests-per-minute=1"));
        var settings = app.Services.GetRequiredService<Settings>();
        var keys = app.Services.GetRequiredService<ApiKeys>();
        keys.Replace(settings);
        using var gone = await SendAsync(app, "first", Hi);
        Assert.Equal(HttpStatusCode.Unauthorized, gone.StatusCode);
        using var refused = await SendAsync(app, "other", Hi);
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);

        await File.WriteAllTextAsync(Keys, "nonsense");
        Assert.Throws<InvalidDataException>(() => keys.Replace(settings));
        using var still = await SendAsync(app, "other", Hi);
        Assert.Equal(HttpStatusCode.TooManyRequests, still.StatusCode);
    }

    [Fact]
    public async Task RequestTimeout_WhileTheBodyArrives_IsA504()
    {
        await using var app = await TestApp.StartAsync(("Limits:RequestTimeoutMs", "50"));
        using var socket = new TcpClient("127.0.0.1", app.Port);
        var stream = socket.GetStream();
        await stream.WriteAsync("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"u8.ToArray());
        using var reader = new StreamReader(stream);
        Assert.Equal("HTTP/1.1 504 Gateway Timeout", await reader.ReadLineAsync().WaitAsync(TestApp.Patience));
        Assert.Contains("\"timeout\"", await reader.ReadToEndAsync().WaitAsync(TestApp.Patience), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RequestTimeout_WhileItIsComputed_IsA504AndEndsIt()
    {
        var engine = new FakeEngine { IsManual = true };
        await using var app = await TestApp.StartAsync(engine, ("Limits:RequestTimeoutMs", "50"));
        using var response = await app.ChatAsync(Hi);
        await RequestBodyTests.AssertErrorAsync(response, HttpStatusCode.GatewayTimeout, "timeout");
        Assert.Equal("false", response.Headers.GetValues("x-should-retry").Single());
        await TestApp.UntilAsync(() => app.Gate.NumTaken == 0);
    }

    [Fact]
    public async Task RequestTimeout_InAStream_IsOneError()
    {
        var engine = new FakeEngine { IsManual = true };
        await using var app = await TestApp.StartAsync(engine, ("Limits:RequestTimeoutMs", "1500"));
        using var response = await app.StreamAsync(HiStream);
        using var reader = new SseReader(response);
        var generation = await engine.NextAsync(TestApp.Patience);
        generation.Start();
        generation.Token("a");
        var lines = await reader.RestAsync();
        Assert.Contains("longer than this server allows", lines[^1], StringComparison.Ordinal);
        Assert.Single(lines, line => line.Contains("\"error\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task RequestTimeout_OfAResponseInTheBackground_DoesNotConcernIt()
    {
        var engine = new FakeEngine { IsManual = true };
        await using var app = await TestApp.StartAsync(engine, ("Limits:RequestTimeoutMs", "1000"));
        using var response = await app.Client.SendAsync(
            new HttpRequestMessage(HttpMethod.Post, "/v1/responses") { Content = new StringContent("""{"input":"Hi","background":true,"stream":true}""", Encoding.UTF8, "application/json") },
            HttpCompletionOption.ResponseHeadersRead);
        var generation = await engine.NextAsync(TestApp.Patience);
        await Task.Delay(1300);
        generation.Play(["x"], 0);
        Assert.Contains("response.completed", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v1/chat/completions", HiStream, "longer than this server allows")]
    [InlineData("/v1/messages", """{"max_tokens":4,"messages":[{"role":"user","content":"Hi"}],"stream":true}""", "timeout_error")]
    [InlineData("/v1/responses", """{"input":"Hi","stream":true}""", "response.failed")]
    [InlineData("/api/chat", """{"messages":[{"role":"user","content":"Hi"}]}""", "longer than this server allows")]
    public async Task GenerationTimeout_OfWhatIsComputedTooLong_EndsItWithOneError(string path, string body, string expected)
    {
        var (engine, clock) = (new FakeEngine { IsManual = true }, new ManualClock());
        await using var app = await TestApp.StartAsync(engine, clock, ("Limits:GenerationTimeoutMs", "5000"));
        var watch = app.Services.GetRequiredService<GenerationWatch>();
        var answering = app.PostAsync(path, body);
        var generation = await engine.NextAsync(TestApp.Patience);
        clock.Advance(60); // waiting does not count
        watch.Look();
        Assert.False(generation.Aborted.IsCompleted);
        generation.Start();
        await TestApp.UntilAsync(() => app.Services.GetRequiredService<Server.Streaming.RunningGenerations>().Snapshot().Any(each => each.Choices[0].StartedAt > 0));
        clock.Advance(4.9);
        watch.Look();
        Assert.False(generation.Aborted.IsCompleted);
        clock.Advance(0.2);
        watch.Look();
        Assert.True(generation.Aborted.IsCompleted);
        using var response = await answering;
        Assert.Contains(expected, await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Headers_BeyondTheirLimit_AreRefused()
    {
        await using var app = await TestApp.StartAsync(("Server:MaxRequestHeaderBytes", "2048"));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/models");
        request.Headers.Add("x-long", new string('a', 3000));
        using var response = await app.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.RequestHeaderFieldsTooLarge, response.StatusCode);
    }

    [Fact]
    public async Task Connections_BeyondTheirLimit_AreClosedAtOnce()
    {
        await using var app = await TestApp.StartAsync(("Server:MaxConnections", "2"));
        using TcpClient first = new("127.0.0.1", app.Port), second = new("127.0.0.1", app.Port);
        Assert.Equal(("HTTP/1.1 200 OK", "HTTP/1.1 200 OK"), (await AskAsync(first), await AskAsync(second)));
        using (var third = new TcpClient("127.0.0.1", app.Port))
        {
            Assert.Null(await AskAsync(third));
        }

        Assert.Equal("HTTP/1.1 200 OK", await AskAsync(second));

        // A connection of somebody who left makes room.
        first.Close();
        string? answer = null;
        for (var start = Stopwatch.GetTimestamp(); answer is null && Stopwatch.GetElapsedTime(start) < TestApp.Patience; await Task.Delay(20))
        {
            using var next = new TcpClient("127.0.0.1", app.Port);
            answer = await AskAsync(next);
        }

        Assert.Equal("HTTP/1.1 200 OK", answer);
    }

    // The answer's first line; null if the connection was closed instead.
    private static async Task<string?> AskAsync(TcpClient client)
    {
        try
        {
            var stream = client.GetStream();
            await stream.WriteAsync("HEAD /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray());
            var buffer = new byte[4096];
            var count = await stream.ReadAsync(buffer).AsTask().WaitAsync(TestApp.Patience);
            return count == 0 ? null : Encoding.ASCII.GetString(buffer, 0, count).Split("\r\n")[0];
        }
        catch (IOException)
        {
            return null;
        }
    }

    private async Task WriteKeysAsync(params (string Name, string Key, string Words)[] keys) =>
        await File.WriteAllLinesAsync(Keys, keys.Select(key => $"{KeyFile.Format(new ApiKey(key.Name, ApiKey.DigestOf(key.Key)))} {key.Words}"));

    private static Task<HttpResponseMessage> SendAsync(TestApp app, string key, string body)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Add("x-api-key", key);
        return app.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }
}
