using System.Text.RegularExpressions;
using InferenceServer.Integration.Tests.Clients;

namespace InferenceServer.Integration.Tests.Remote;

/// <summary>The engine thread of a real process stands still while the process gives its signs of life: found within seconds, and cured; streams go on in the next process.</summary>
[Collection(ClientCollection.Name)]
public sealed class FrozenThreadTests
{
    private const string EngineThread = "inference-engine";

    [SkippableFact]
    public async Task EngineThread_ThatStandsStillUnderStreams_IsFound_AndChangesNothingThatClientsSee()
    {
        using var model = new TinyModelFile();
        await using var server = await model.ServeAsync();
        var bodies = Enumerable.Range(0, 3).Select(i => TinyModelFile.Body(i, maxTokens: 1200)).ToArray();
        var expected = await ReadAllAsync(server, bodies, "a", null);

        FrozenThread? frozen = null;
        var answers = await ReadAllAsync(server, bodies, "b", count => frozen ??= count == 5 ? FrozenThread.Freeze(server.EngineProcessId!.Value, EngineThread) : null);

        Assert.NotNull(frozen);
        frozen.Dispose();
        AssertSame(expected, answers);

        // In a step, or between two.
        Assert.Matches(new Regex("""^inference_engine_restarts_total\{reason="(hang|stalled)"\} 1$""", RegexOptions.Multiline), await server.Client.GetStringAsync("/metrics"));
        await server.WaitUntilIdleAsync();
    }

    [SkippableFact]
    public async Task Queue_ThatNobodyDrains_IsFound_AndWhatWasInItIsAnswered()
    {
        using var model = new TinyModelFile();
        await using var server = await model.ServeAsync();
        var bodies = Enumerable.Range(0, 2).Select(i => TinyModelFile.Body(i, maxTokens: 20)).ToArray();
        var expected = await ReadAllAsync(server, bodies, "a", null);
        await server.WaitUntilIdleAsync();

        using var frozen = FrozenThread.Freeze(server.EngineProcessId!.Value, EngineThread);
        var answers = await ReadAllAsync(server, bodies, "b", null);

        AssertSame(expected, answers);
        var metrics = await server.Client.GetStringAsync("/metrics");
        Assert.Matches(new Regex("""^inference_engine_restarts_total\{reason="queue_stuck"\} 1$""", RegexOptions.Multiline), metrics);
        Assert.Single(Regex.Matches(metrics, "^inference_engine_restarts_total", RegexOptions.Multiline));
    }

    private static Task<StreamedAnswer[]> ReadAllAsync(RunningServer server, Dictionary<string, object?>[] bodies, string salt, Action<int>? onFirst) =>
        Task.WhenAll(bodies.Select((body, i) => StreamedAnswer.ReadAsync(server, new(body) { ["cache_salt"] = salt }, i == 0 ? onFirst : null, "/v1/completions")));

    private static void AssertSame(StreamedAnswer[] expected, StreamedAnswer[] answers)
    {
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.Equal((expected[i].Text, "length", 0), (answers[i].Text, answers[i].FinishReason, answers[i].NumErrors));
            Assert.Equal(expected[i].Usage!.Value.GetProperty("completion_tokens").GetInt32(), answers[i].Usage!.Value.GetProperty("completion_tokens").GetInt32());
            Assert.True(answers[i].NumComments > 0, "Nothing told the client to wait.");
        }
    }
}
