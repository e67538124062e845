using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using InferenceServer.Integration.Tests.Clients;

namespace InferenceServer.Integration.Tests.Remote;

/// <summary>An engine that cannot be started for a while: the server says so, takes nothing new, keeps what it has, and comes back by itself.</summary>
[Collection(ClientCollection.Name)]
public sealed class ComingBackTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Model_ThatIsAwayForAWhile_EndsNothingThatRuns()
    {
        using var model = new TinyModelFile();
        await using var server = await model.ServeAsync();
        var body = TinyModelFile.Body(1, maxTokens: 1200);
        var expected = await StreamedAnswer.ReadAsync(server, new(body) { ["cache_salt"] = "a" }, path: "/v1/completions");
        var (killed, isKilled) = (0, new TaskCompletionSource());
        var reading = StreamedAnswer.ReadAsync(
            server,
            new(body) { ["cache_salt"] = "b" },
            count =>
            {
                if (count >= 5 && Interlocked.Exchange(ref killed, 1) == 0)
                {
                    model.TakeAway();
                    server.KillEngine();
                    isKilled.SetResult();
                }
            },
            "/v1/completions");
        await isKilled.Task;

        // The one that was killed had made progress; three more did not even load.
        Assert.Contains("3 times without progress; the last time: LoadFailed", await WaitForStatusAsync(server, HttpStatusCode.ServiceUnavailable), StringComparison.Ordinal);
        using var refused = await server.Client.PostAsJsonAsync("/v1/completions", body);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.NotNull(refused.Headers.RetryAfter);
        Assert.False(reading.IsCompleted);
        model.PutBack();

        await WaitForStatusAsync(server, HttpStatusCode.OK);
        var answer = await reading;
        Assert.Equal((expected.Text, "length", 0), (answer.Text, answer.FinishReason, answer.NumErrors));
        var next = await StreamedAnswer.ReadAsync(server, body, path: "/v1/completions");
        Assert.Equal(expected.Text, next.Text);
        var metrics = await server.Client.GetStringAsync("/metrics");
        Assert.Contains("inference_engine_restarts_total{reason=\"killed\"} 1", metrics, StringComparison.Ordinal);
        Assert.Contains("inference_engine_restarts_total{reason=\"load_failed\"} 3", metrics, StringComparison.Ordinal);
        Assert.Contains("inference_engine_requests_recovered_total 1", metrics, StringComparison.Ordinal);
    }

    private static async Task<string> WaitForStatusAsync(RunningServer server, HttpStatusCode status)
    {
        var start = Stopwatch.GetTimestamp();
        while (true)
        {
            using var ready = await server.Client.GetAsync("/readyz");
            if (ready.StatusCode == status)
            {
                return await ready.Content.ReadAsStringAsync();
            }

            Assert.True(Stopwatch.GetElapsedTime(start) < Patience, $"/readyz stays at {ready.StatusCode}.");
            await Task.Delay(50);
        }
    }
}
