using System.Diagnostics;
using InferenceServer.Integration.Tests.Clients;

namespace InferenceServer.Integration.Tests.Remote;

/// <summary>The engine's process is killed under requests, on the real library: answers go on where they were, and are those of a run that nothing disturbed.</summary>
[Collection(ClientCollection.Name)]
public sealed class CrashTests(CrashTests.Fixture fixture) : IClassFixture<CrashTests.Fixture>
{
    private readonly RunningServer _server = fixture.Server;

    [Fact]
    public async Task Kill_UnderEightStreams_ChangesNothingThatClientsSee()
    {
        var bodies = Enumerable.Range(0, 8).Select(i => new Dictionary<string, object?> { ["prompt"] = Chats.List(i, 10), ["max_tokens"] = 40, ["ignore_eos"] = true, ["temperature"] = i % 2 == 0 ? 0 : 0.3, ["seed"] = i }).ToArray();
        var expected = await Task.WhenAll(bodies.Select(body => StreamedAnswer.ReadAsync(_server, Salted(body, "a"), path: "/v1/completions")));

        var killed = 0;
        var answers = await Task.WhenAll(bodies.Select((body, i) => StreamedAnswer.ReadAsync(_server, Salted(body, "b"), count => KillOnce(ref killed, i == 3 && count == 2), "/v1/completions")));

        Assert.Equal(1, killed);
        for (var i = 0; i < answers.Length; i++)
        {
            Assert.Equal(expected[i].Text, answers[i].Text);
            Assert.Equal("length", answers[i].FinishReason);
            Assert.Equal(40, answers[i].Usage!.Value.GetProperty("completion_tokens").GetInt32());
            Assert.Equal(expected[i].Usage!.Value.GetProperty("prompt_tokens").GetInt32(), answers[i].Usage!.Value.GetProperty("prompt_tokens").GetInt32());
            Assert.True(answers[i].NumComments > 0, "Nothing told the client to wait.");
        }
    }

    [Fact]
    public async Task Kill_TwiceInARow_ChangesNothingThatClientsSee()
    {
        var body = Chats.Body("Tell me a story.", ("max_tokens", 60), ("ignore_eos", true));
        var expected = await StreamedAnswer.ReadAsync(_server, Salted(body, "a"));

        var (first, second) = (0, 0);
        var answer = await StreamedAnswer.ReadAsync(_server, Salted(body, "b"), count =>
        {
            KillOnce(ref first, count == 10);
            KillOnce(ref second, count == 12);
        });

        Assert.Equal((1, 1), (first, second));
        Assert.Equal(expected.Text, answer.Text);
    }

    [Fact]
    public async Task Kill_DuringPrefill_ChangesNothingThatClientsSee()
    {
        var body = Chats.Body($"Repeat: {Chats.Words(900, 5)}", ("max_tokens", 8), ("ignore_eos", true));
        var expected = await StreamedAnswer.ReadAsync(_server, Salted(body, "a"));

        var numBefore = _server.Stats.NumPromptTokens;
        var reading = StreamedAnswer.ReadAsync(_server, Salted(body, "b"));
        await UntilAsync(() => _server.Stats is { NumRunning: 1 } stats && stats.NumPrefillTokens % 900 > 100);
        _server.KillEngine();

        var answer = await reading;
        Assert.Equal(expected.Text, answer.Text);
        Assert.Equal(8, answer.Usage!.Value.GetProperty("completion_tokens").GetInt32());
        Assert.Equal(answer.Usage!.Value.GetProperty("prompt_tokens").GetInt32(), _server.Stats.NumPromptTokens - numBefore); // admitted twice, counted once
    }

    [Fact]
    public async Task Kill_UnderAGrammarAndUnderAToolCall_ChangesNothingThatClientsSee()
    {
        var schema = new
        {
            type = "object",
            properties = new { name = new { type = "string", maxLength = 60 }, city = new { type = "string", maxLength = 60 } },
            required = new[] { "name", "city" },
            additionalProperties = false,
        };
        var formatted = Chats.Body("Describe a person.", ("max_tokens", 120), ("response_format", new { type = "json_schema", json_schema = new { name = "person", strict = true, schema } }));
        var called = Chats.Body("Save a person.", ("max_tokens", 160), ("tool_choice", "required"), ("tools", new[] { new { type = "function", function = new { name = "save", strict = true, parameters = schema } } }));
        foreach (var body in new[] { formatted, called })
        {
            var expected = await StreamedAnswer.ReadAsync(_server, Salted(body, "a"));

            var killed = 0;
            var answer = await StreamedAnswer.ReadAsync(_server, Salted(body, "b"), count => KillOnce(ref killed, count == 4));

            Assert.Equal(1, killed);
            Assert.Equal((expected.Text, expected.Arguments, expected.FinishReason), (answer.Text, answer.Arguments, answer.FinishReason));
            Assert.NotEqual("", answer.Text + answer.Arguments);
        }
    }

    [Fact]
    public async Task Stop_OfTheProcess_IsFoundAsAHang_AndChangesNothingThatClientsSee()
    {
        var body = Chats.Body("Tell me a story.", ("max_tokens", 150), ("ignore_eos", true));
        var expected = await StreamedAnswer.ReadAsync(_server, Salted(body, "a"));

        var stopped = 0;
        var answer = await StreamedAnswer.ReadAsync(_server, Salted(body, "c"), count =>
        {
            if (count == 5 && Interlocked.Exchange(ref stopped, 1) == 0)
            {
                using var kill = Process.Start("kill", ["-STOP", $"{_server.EngineProcessId}"]);
                kill.WaitForExit();
            }
        });

        Assert.Equal(expected.Text, answer.Text);
        var metrics = await _server.Client.GetStringAsync("/metrics");
        Assert.Contains("inference_engine_restarts_total{reason=\"hang\"} 1", metrics, StringComparison.Ordinal);
    }

    public sealed class Fixture : IAsyncLifetime
    {
        internal RunningServer Server { get; private set; } = null!;

        public async Task InitializeAsync() => Server = await RunningServer.StartAsync(
            ("Engine:Isolation", "process"), ("Engine:HangTimeoutMs", "3000"), ("Inference:KvCacheType", "q8_0"), ("Inference:Context", "8192"), ("Server:PingIntervalMs", "100"));

        public async Task DisposeAsync()
        {
            await Server.WaitUntilIdleAsync();
            await Server.DisposeAsync();
        }
    }

    private static Dictionary<string, object?> Salted(Dictionary<string, object?> body, string salt) => new(body) { ["cache_salt"] = salt };

    private static async Task UntilAsync(Func<bool> condition)
    {
        var start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromMinutes(1), "It does not come to be.");
            await Task.Delay(5);
        }
    }

    private void KillOnce(ref int killed, bool isTime)
    {
        if (isTime && Interlocked.Exchange(ref killed, 1) == 0)
        {
            _server.KillEngine();
        }
    }
}
