using System.Text.Json;
using InferenceServer.Server.Commands;
using InferenceServer.Server.Hosting;
using InferenceServer.Testing;
using Microsoft.Extensions.Configuration;
using Serilog.Core;
using Serilog.Events;
using Serilog.Extensions.Logging;

namespace InferenceServer.Server.Tests.Hosting;

/// <summary>The file of JSON lines.</summary>
public sealed class LoggingTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("logging-");
    private readonly LoggingLevelSwitch _level = new();
    private SerilogLoggerProvider? _provider;

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task File_OfRequests_HasOneJsonLineEachWithIdTokensTimesAndEnd()
    {
        await using (var app = await StartAsync(new FakeEngine { NumCachedTokens = 2 }))
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent("""{"messages":[{"role":"user","content":"SECRETQUESTION"}]}""") };
            request.Headers.Add("x-request-id", "mine-1");
            using var response = await app.Client.SendAsync(request);
            Assert.Equal("mine-1", response.Headers.GetValues("x-request-id").Single());
            using var other = await app.Client.GetAsync("/v1/models");
        }

        var lines = ReadLines();
        var chat = Assert.Single(lines, line => line.TryGetProperty("ChatId", out _));
        Assert.Equal("mine-1", chat.GetProperty("RequestId").GetString());
        Assert.StartsWith("chatcmpl-", chat.GetProperty("ChatId").GetString(), StringComparison.Ordinal);
        Assert.Equal(200, chat.GetProperty("Status").GetInt32());
        Assert.Equal(2, chat.GetProperty("CachedTokens").GetInt32());
        Assert.Equal(6, chat.GetProperty("OutputTokens").GetInt32());
        Assert.Equal("stop", chat.GetProperty("FinishReason").GetString());
        Assert.True(chat.GetProperty("PromptTokens").GetInt32() > 0);
        foreach (var time in new[] { "Milliseconds", "QueueMs", "FirstTokenMs" })
        {
            Assert.Equal(JsonValueKind.Number, chat.GetProperty(time).ValueKind);
        }

        Assert.Single(lines, line => line.TryGetProperty("Path", out var path) && path.GetString() == "/v1/models");
        Assert.DoesNotContain("SECRET", string.Concat(lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task File_OfAFailedRequest_HasItsIdOnEveryLine()
    {
        await using (var app = await StartAsync(new FakeEngine { Failing = new InvalidOperationException("A bug.") }))
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent("""{"messages":[{"role":"user","content":"Hi"}]}""") };
            request.Headers.Add("x-request-id", "mine-2");
            using var response = await app.Client.SendAsync(request);
        }

        var lines = ReadLines();
        Assert.Contains(lines, line => line.TryGetProperty("@x", out var exception) && exception.GetString()!.Contains("A bug.", StringComparison.Ordinal));
        Assert.Equal(2, lines.Length);
        Assert.All(lines, line => Assert.Equal("mine-2", line.GetProperty("RequestId").GetString()));
    }

    [Fact]
    public async Task File_OfAnEmbedding_HasItsTokensAndTime()
    {
        await using (var app = await StartAsync(new FakeEngine()))
        {
            (await app.PostAsync("/v1/embeddings", """{"input":["SECRET one","SECRET two"]}""")).Dispose();
        }

        var line = Assert.Single(ReadLines());
        Assert.Equal((200, 20), (line.GetProperty("Status").GetInt32(), line.GetProperty("PromptTokens").GetInt32()));
        Assert.StartsWith("req_", line.GetProperty("RequestId").GetString(), StringComparison.Ordinal);
        Assert.Equal(JsonValueKind.Number, line.GetProperty("Milliseconds").ValueKind);
        Assert.DoesNotContain("SECRET", line.ToString(), StringComparison.Ordinal);
    }

    // Its line comes when the request that began it is long over.
    [Fact]
    public async Task File_OfABackgroundResponse_HasTheIdOfItsRequestAtTheEnd()
    {
        var engine = new FakeEngine { IsManual = true };
        await using (var app = await StartAsync(engine))
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/responses") { Content = new StringContent("""{"input":"Where?","background":true}""") };
            request.Headers.Add("x-request-id", "mine-3");
            using var queued = await app.Client.SendAsync(request);
            var path = $"/v1/responses/{JsonDocument.Parse(await queued.Content.ReadAsStringAsync()).RootElement.GetProperty("id").GetString()}";
            (await engine.NextAsync(TestApp.Patience)).Play(["There."], 0);
            await TestApp.UntilAsync(() => app.Client.GetStringAsync(path).Result.Contains("\"completed\"", StringComparison.Ordinal));
        }

        var done = Assert.Single(ReadLines(), line => line.TryGetProperty("ResponseId", out _));
        Assert.Equal("mine-3", done.GetProperty("RequestId").GetString());
        Assert.Equal("stop", done.GetProperty("FinishReason").GetString());
    }

    [Fact]
    public void File_ThatIsFull_IsFollowedByAnotherAndTheOldestIsDeleted()
    {
        using (var logger = Logging.Create(
            new ConfigurationBuilder().Build(),
            new LogOptions { File = Path.Combine(_folder.FullName, "logs", "server-.jsonl"), MaxFileBytes = 1 << 16, KeepFiles = 2 },
            _level))
        {
            for (var i = 0; i < 300; i++)
            {
                logger.Information("{Number} {Text}", i, new string('x', 1000));
            }
        }

        var files = Directory.GetFiles(Path.Combine(_folder.FullName, "logs")).Order().ToArray();
        Assert.Equal(2, files.Length);
        Assert.All(files, file => Assert.InRange(new FileInfo(file).Length, 1, (1 << 16) + 2_000));
        Assert.Equal(299, files.SelectMany(File.ReadAllLines).Max(line => JsonDocument.Parse(line).RootElement.GetProperty("Number").GetInt32()));
    }

    [Fact]
    public async Task Prompts_AskedFor_AreLoggedWithTheirRequest()
    {
        await using (var app = await StartAsync(new FakeEngine(), ("Log:Prompts", "true")))
        {
            (await app.ChatAsync("""{"messages":[{"role":"user","content":"A QUESTION"}]}""")).Dispose();
        }

        var lines = ReadLines();
        var prompt = Assert.Single(lines, line => line.TryGetProperty("Prompt", out _));
        Assert.Contains("A QUESTION", prompt.GetProperty("Prompt").GetString(), StringComparison.Ordinal);
        var done = Assert.Single(lines, line => line.TryGetProperty("ChatId", out _));
        Assert.Equal(done.GetProperty("RequestId").GetString(), prompt.GetProperty("RequestId").GetString());
    }

    [Fact]
    public async Task File_OfARequestWithAKey_HasTheKeysNameAndNotTheKey()
    {
        await using (var app = await StartAsync(new FakeEngine(), ("Server:ApiKey", "SECRETKEY")))
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/models");
            request.Headers.Add("x-api-key", "SECRETKEY");
            using var response = await app.Client.SendAsync(request);
        }

        var line = Assert.Single(ReadLines());
        Assert.Equal("Server:ApiKey", line.GetProperty("Key").GetString());
        Assert.DoesNotContain("SECRET", line.ToString(), StringComparison.Ordinal);
    }

    // Without a server: it writes a request's line when the answer has already arrived.
    [Fact]
    public void Level_Raised_SilencesWhatIsBelow()
    {
        var logger = CreateProvider().CreateLogger("test");
        _level.MinimumLevel = LogEventLevel.Warning;
        logger.RequestDone("GET", "/quiet", 200, 1, "req_1");
        _level.MinimumLevel = LogEventLevel.Information;
        logger.RequestDone("GET", "/loud", 200, 1, "req_2");

        Assert.Equal("/loud", Assert.Single(ReadLines()).GetProperty("Path").GetString());
    }

    [Fact]
    public void File_InAPlaceThatCannotBeWritten_EndsTheStart()
    {
        var file = Path.Combine(_folder.FullName, "file");
        File.WriteAllText(file, "");
        var failure = Assert.Throws<StartupException>(() => Logging.Create(new ConfigurationBuilder().Build(), new LogOptions { File = Path.Combine(file, "log.jsonl") }, new LoggingLevelSwitch()));
        Assert.Equal(ExitCode.BadOptions, failure.ExitCode);
        Assert.StartsWith("Log:File: ", failure.Message, StringComparison.Ordinal);
    }

    private Task<TestApp> StartAsync(FakeEngine engine, params (string, string?)[] settings) => TestApp.StartAsync(engine, new FixedClock(), CreateProvider(), settings);

    private SerilogLoggerProvider CreateProvider()
    {
        var logger = Logging.Create(new ConfigurationBuilder().Build(), new LogOptions { File = Path.Combine(_folder.FullName, "logs", "server-.jsonl") }, _level);
        return _provider = new SerilogLoggerProvider(logger, dispose: true);
    }

    private JsonElement[] ReadLines()
    {
        _provider!.Dispose(); // writes what is queued
        var file = Assert.Single(Directory.GetFiles(Path.Combine(_folder.FullName, "logs")));
        Assert.Matches(@"server-\d{8}\.jsonl$", file);
        return [.. File.ReadAllLines(file).Select(line => JsonDocument.Parse(line).RootElement)];
    }
}
