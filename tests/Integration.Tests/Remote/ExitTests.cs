using InferenceServer.Inference;
using InferenceServer.Inference.Engine;
using InferenceServer.Inference.Sampling;
using InferenceServer.Inference.Scheduling;
using InferenceServer.Integration.Tests.Clients;
using InferenceServer.Integration.Tests.Engine;
using InferenceServer.Testing;

namespace InferenceServer.Integration.Tests.Remote;

/// <summary>A real engine's process that ends in each of the ways that processes end: told apart, counted, and no stream learns of it.</summary>
[Collection(ClientCollection.Name)]
public sealed class ExitTests(ExitTests.Fixture fixture) : IClassFixture<ExitTests.Fixture>
{
    private const int NumStreams = 4;

    // A tiny model says a thousand in a second; a signal needs a moment.
    private const int MaxTokens = 1200;

    private readonly RunningServer _server = fixture.Server;

    [SkippableTheory]
    [InlineData(11, "signal")]
    [InlineData(7, "signal")]
    [InlineData(6, "aborted")]
    public async Task Signal_IsToldApart_AndChangesNothingThatClientsSee(int signal, string reason)
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Signals have other numbers elsewhere.");
        await AssertGoesOnAsync(reason, process => ProcessSignal.Fault(process, signal), $"signal {signal}");
    }

    [Fact]
    public Task Kill_IsToldApart_AndChangesNothingThatClientsSee() => AssertGoesOnAsync("killed", ProcessSignal.Kill, "kill");

    [SkippableFact]
    public async Task WantOfMemory_IsToldFromAKill_AndChangesNothingThatClientsSee()
    {
        using var group = MemoryGroup.Create(bytes: 64 * 1024);

        // What comes beside the streams needs memory.
        var beside = Task.CompletedTask;
        await AssertGoesOnAsync(
            "out_of_memory",
            process =>
            {
                group.Add(process);
                beside = StreamedAnswer.ReadAsync(_server, new Dictionary<string, object?> { ["prompt"] = Chats.Words(200, 1), ["max_tokens"] = 1 }, path: "/v1/completions");
            },
            "memory",
            numBeside: 1);
        await beside;
    }

    [SkippableFact]
    public async Task Exit_WithACode_IsToldApart_AndTheStreamGoesOn()
    {
        Skip.If(OperatingSystem.IsWindows(), "There is no sh.");
        using var model = new TinyModelFile();
        var options = new InferenceOptions { ModelPath = model.Path, Context = 2048, KvCacheType = KvCacheType.Q8_0, Threads = 1 };

        // The engine is the child of what exits, and ends with it.
        string[] script = ["sh", "-c", $"trap 'echo ggml.c:42: last words >&2; exit 3' USR1; '{string.Join("' '", TinyEngineProcess.Command)}' \"$0\" $$ & wait"];
        using var log = new LineLog();
        await using var engine = TinyEngineProcess.Create(model.Path, options, log, script);
        await engine.StartAsync(null);
        var expected = await ReadAsync(engine, 1, null);

        var tokens = await ReadAsync(engine, 2, count =>
        {
            if (count == 5)
            {
                ProcessSignal.Send(engine.ProcessId!.Value, OperatingSystem.IsMacOS() ? 30 : 10);
            }
        });

        Assert.Equal(expected, tokens);
        var report = Assert.Single(log.Lines, line => line.Contains(" ended: ", StringComparison.Ordinal));
        Assert.Contains("ended: Exited, exit code 3. Last step: 1 decodes, 0 prefill tokens. Running: 2 (4 prompt, ", report, StringComparison.Ordinal);
        Assert.EndsWith("ggml.c:42: last words", report, StringComparison.Ordinal);
    }

    public sealed class Fixture : IAsyncLifetime
    {
        private TinyModelFile Model { get; } = new();

        internal RunningServer Server { get; private set; } = null!;

        public async Task InitializeAsync() => Server = await Model.ServeAsync();

        public async Task DisposeAsync()
        {
            await Server.WaitUntilIdleAsync();
            await Server.DisposeAsync();
            Model.Dispose();
        }
    }

    private async Task AssertGoesOnAsync(string reason, Action<int> end, string salt, int numBeside = 0)
    {
        var bodies = Enumerable.Range(0, NumStreams).Select(i => TinyModelFile.Body(i, MaxTokens)).ToArray();
        var expected = await Task.WhenAll(bodies.Select(body => ReadAsync(body, $"{salt} a", null)));
        var before = await ReadMetricsAsync();

        // When all of them run.
        var (numStarted, process) = (0, 0);
        var answers = await Task.WhenAll(bodies.Select(body => ReadAsync(body, $"{salt} b", count =>
        {
            if (count == 3 && Interlocked.Increment(ref numStarted) == NumStreams)
            {
                process = _server.EngineProcessId!.Value;
                end(process);
            }
        })));

        for (var i = 0; i < NumStreams; i++)
        {
            Assert.Equal((expected[i].Text, "length", 0), (answers[i].Text, answers[i].FinishReason, answers[i].NumErrors));
            Assert.Equal(MaxTokens, answers[i].Usage!.Value.GetProperty("completion_tokens").GetInt32());
        }

        Assert.NotEqual(0, process);
        Assert.NotEqual(process, _server.EngineProcessId);
        var after = await ReadMetricsAsync();
        Assert.Equal(1, Difference("inference_engine_restarts_total"));
        Assert.Equal(1, Difference("inference_engine_restarts_total", ("reason", reason)));
        Assert.Equal(1, Difference("inference_engine_recovery_duration_seconds_count"));
        Assert.InRange(Difference("inference_engine_recovery_duration_seconds_sum"), 0.05, 60);
        Assert.InRange(Difference("inference_engine_requests_recovered_total"), NumStreams, NumStreams + numBeside);
        Assert.Equal(0, Difference("inference_engine_requests_refused_total"));

        double Difference(string name, params (string, string)[] labels) => after.SumOrZero(name, labels) - before.SumOrZero(name, labels);
    }

    private async Task<MetricsPage> ReadMetricsAsync() => MetricsPage.Parse(await _server.Client.GetStringAsync("/metrics"));

    private Task<StreamedAnswer> ReadAsync(Dictionary<string, object?> body, string salt, Action<int>? onDelta) =>
        StreamedAnswer.ReadAsync(_server, new(body) { ["cache_salt"] = salt }, onDelta, "/v1/completions");

    private static async Task<List<int>> ReadAsync(IInferenceEngine engine, long id, Action<int>? onToken)
    {
        var request = new GenerationRequest { Id = id, PromptTokens = new[] { 5, 6, 7, 8 }, MaxOutputTokens = MaxTokens, IgnoreEos = true, Sampling = new SamplingParams { Temperature = 0, Seed = 1 } };
        var stream = engine.Submit(request).Stream!;
        var tokens = new List<int>();
        while (await stream.WaitToReadAsync(CancellationToken.None))
        {
            while (stream.TryRead(out var item))
            {
                if (item.Kind == GenerationEventKind.Token)
                {
                    Assert.Equal(tokens.Count, item.OutputIndex);
                    tokens.Add(item.TokenId);
                    onToken?.Invoke(tokens.Count);
                }
                else if (item.Kind == GenerationEventKind.Finished)
                {
                    Assert.Equal(FinishReason.Length, item.Reason);
                }
            }
        }

        return tokens;
    }
}
