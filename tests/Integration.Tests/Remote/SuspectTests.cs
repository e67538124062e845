using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using InferenceServer.Inference.Engine;
using InferenceServer.Integration.Tests.Clients;

namespace InferenceServer.Integration.Tests.Remote;

/// <summary>An engine's process that ends again and again, on the real library: over one request, and over nothing that anybody asked for.</summary>
[Collection(ClientCollection.Name)]
public sealed class SuspectTests
{
    // Tokens of context that only the long prompt reaches.
    private const int LongContext = 160;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Request_ThatEndsTheEngineWheneverItIsComputed_IsTriedAloneAndEnded_AndTheOthersFinish()
    {
        await using var server = await StartAsync();
        var others = Enumerable.Range(0, 3).Select(i => Completion(Chats.List(i, 10), maxTokens: 50)).ToArray();
        var expected = new List<StreamedAnswer>();
        foreach (var body in others)
        {
            expected.Add(await StreamedAnswer.ReadAsync(server, new(body) { ["cache_salt"] = "a" }, path: "/v1/completions"));
        }

        var numStarted = 0;
        var answers = others.Select(body => StreamedAnswer.ReadAsync(server, new(body) { ["cache_salt"] = "b" }, count => Interlocked.Add(ref numStarted, count == 1 ? 1 : 0), "/v1/completions")).ToArray();
        Assert.True(await Task.Run(() => SpinWait.SpinUntil(() => Volatile.Read(ref numStarted) == others.Length, Patience)));
        var suspect = Completion(string.Join(' ', Enumerable.Repeat(Chats.Words(3, 9), 400)), maxTokens: 4);
        var ending = StreamedAnswer.ReadAsync(server, suspect, path: "/v1/completions");
        var numKills = await Task.Run(() => KillWheneverItIsComputed(server, ending));

        var ended = await ending;
        Assert.Equal(("", 1), (ended.Text, ended.NumErrors));
        Assert.InRange(numKills, 3, 6); // beside the others twice; then alone, once those that are suspects as well have shown that they are not
        for (var i = 0; i < answers.Length; i++)
        {
            var answer = await answers[i];
            Assert.Equal((expected[i].Text, "length", 0), (answer.Text, answer.FinishReason, answer.NumErrors));
        }

        using var again = await server.Client.PostAsJsonAsync("/v1/completions", suspect);
        Assert.Equal(HttpStatusCode.BadRequest, again.StatusCode);
        Assert.Contains("request_refused", await again.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        var metrics = await server.Client.GetStringAsync("/metrics");
        Assert.Contains("inference_engine_requests_refused_total 2", metrics, StringComparison.Ordinal);
        Assert.Contains($"inference_engine_restarts_total{{reason=\"killed\"}} {numKills}", metrics, StringComparison.Ordinal);
        await server.WaitUntilIdleAsync();
    }

    [SkippableFact]
    public async Task Engine_ThatEndsThreeTimesWithoutProgress_IsNotSaidToBeReady_AndNothingNewIsTaken()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Looks below /proc.");
        await using var server = await StartAsync();
        var killed = new List<int>();
        var start = Stopwatch.GetTimestamp();
        HttpStatusCode status;
        do
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < Patience, "It is never given up.");
            if (server.EngineProcessId is { } process && !killed.Contains(process))
            {
                ProcessSignal.Kill(process);
                killed.Add(process);
            }

            using var ready = await server.Client.GetAsync("/readyz");
            status = ready.StatusCode;
            if (status != HttpStatusCode.OK)
            {
                Assert.Contains("3 times without progress", await ready.Content.ReadAsStringAsync(), StringComparison.Ordinal);
            }
        }
        while (status == HttpStatusCode.OK);

        Assert.Equal(3, killed.Count);
        Assert.All(killed, process => Assert.False(Directory.Exists($"/proc/{process}")));
        Assert.Null(server.EngineProcessId);
        using var refused = await server.ChatAsync(Chats.Capital());
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.NotNull(refused.Headers.RetryAfter);
        using var live = await server.Client.GetAsync("/livez");
        Assert.Equal(HttpStatusCode.OK, live.StatusCode);
        Assert.Contains("inference_engine_state{state=\"recovering\"} 1", await server.Client.GetStringAsync("/metrics"), StringComparison.Ordinal);
    }

    private static Task<RunningServer> StartAsync() => RunningServer.StartAsync(
        ("Engine:Isolation", "process"), ("Inference:KvCacheType", "q8_0"), ("Inference:Context", "8192"), ("Cache:DiskLimit", "0"), ("Server:PingIntervalMs", "100"));

    // By the engine's own reports of its steps.
    private static int KillWheneverItIsComputed(RunningServer server, Task<StreamedAnswer> ending)
    {
        var numKills = 0;
        var start = Stopwatch.GetTimestamp();
        var seen = ReadLastStep(server);
        while (!ending.IsCompleted)
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < Patience, $"It is not ended, after {numKills} kills.");
            var last = ReadLastStep(server);
            if (last is null || ReferenceEquals(last, seen) || !last.Any(row => row.NumContextTokens > LongContext))
            {
                Thread.Sleep(5);
                continue;
            }

            numKills++;
            var process = server.EngineProcessId!.Value;
            server.KillEngine();
            while (server.EngineProcessId is not { } next || next == process)
            {
                Assert.True(Stopwatch.GetElapsedTime(start) < Patience, "No engine comes after the last.");
                Thread.Sleep(5);
            }

            seen = ReadLastStep(server);
        }

        return numKills;
    }

    private static StepRow[]? ReadLastStep(RunningServer server) => server.ReadSteps() is [.., var last] ? last : null;

    private static Dictionary<string, object?> Completion(string prompt, int maxTokens) => new()
    {
        ["prompt"] = prompt,
        ["max_tokens"] = maxTokens,
        ["ignore_eos"] = true,
        ["temperature"] = 0,
    };
}
