using System.Diagnostics;
using InferenceServer.Inference;
using InferenceServer.Inference.Engine;
using InferenceServer.Inference.Models;
using InferenceServer.Inference.Scheduling;
using InferenceServer.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace InferenceServer.Integration.Tests.Engine;

[Collection(Native.NativeCollection.Name)]
public sealed class InferenceEngineTests
{
    [Fact]
    public async Task Submit_OnePrompt_StreamsItsTokensAndFinishesOnce()
    {
        await using var tiny = await TinyEngine.StartAsync();
        var outcome = await tiny.RunAsync(tiny.Request(TinyEngine.Tokens(20, 1), maxOutput: 16));

        Assert.Equal(16, outcome.Tokens.Length);
        Assert.Equal(FinishReason.Length, outcome.Reason);
        Assert.Equal(0, outcome.NumCachedTokens);
    }

    [Fact]
    public async Task Idle_WithKeepWarm_ComputesForNobodyAndChangesNothing()
    {
        await using var tiny = await TinyEngine.StartAsync(parallel: 1, keepWarmSeconds: 1);
        var prompt = TinyEngine.Tokens(300, 1);
        var first = await tiny.RunAsync(tiny.Request(prompt, maxOutput: 20));
        var before = await tiny.WaitUntilIdleAsync();
        var deadline = DateTime.UtcNow.AddSeconds(30);
        while (tiny.Engine.Stats.NumKeepWarmSteps < before.NumKeepWarmSteps + 2)
        {
            Assert.True(DateTime.UtcNow < deadline, "Nothing is computed for nobody.");
            await Task.Delay(50);
        }

        var after = tiny.Engine.Stats;
        Assert.Equal((before.NumSteps, before.NumOutputTokens, before.NumPrefillTokens, 0), (after.NumSteps, after.NumOutputTokens, after.NumPrefillTokens, after.NumQueued));
        Assert.Equal(first.Tokens, (await tiny.RunAsync(tiny.Request(prompt, maxOutput: 20))).Tokens);
    }

    [Theory]
    [InlineData(KvCacheType.BF16, true)]
    [InlineData(KvCacheType.Q8_0, true)]
    [InlineData(KvCacheType.F16, false)]
    public async Task Submit_SeededAlone_RepeatsExactly(KvCacheType kvType, bool reuse)
    {
        await using var tiny = await TinyEngine.StartAsync(kvType);
        var prompt = TinyEngine.Tokens(700, 1);
        var first = await tiny.RunAsync(tiny.Request(prompt, maxOutput: 60, seed: 42, temperature: 1, reuse));
        await tiny.RunAsync(tiny.Request(TinyEngine.Tokens(90, 2), maxOutput: 20));
        var again = await tiny.RunAsync(tiny.Request(prompt, maxOutput: 60, seed: 42, temperature: 1, reuse));
        var otherSeed = await tiny.RunAsync(tiny.Request(prompt, maxOutput: 60, seed: 43, temperature: 1, reuse));

        Assert.Equal(first.Tokens, again.Tokens);
        Assert.NotEqual(first.Tokens, otherSeed.Tokens);
        Assert.Equal(reuse ? 699 : 0, again.NumCachedTokens);
    }

    [Fact]
    public async Task Submit_FollowUpTurn_TakesEverythingComputedFromTheCacheAndAnswersAsWithout()
    {
        await using var tiny = await TinyEngine.StartAsync();
        var prompt = TinyEngine.Tokens(300, 1);
        var first = await tiny.RunAsync(tiny.Request(prompt, maxOutput: 40));
        int[] next = [.. prompt, .. first.Tokens, .. TinyEngine.Tokens(30, 2)];
        var second = await tiny.RunAsync(tiny.Request(next, maxOutput: 40));
        var computed = await tiny.RunAsync(tiny.Request(next, maxOutput: 40, reuse: false));

        Assert.Equal(339, second.NumCachedTokens);
        Assert.Equal(computed.Tokens, second.Tokens);
    }

    [Fact]
    public async Task Submit_SamePromptManyTimesAtOnce_IsComputedOnce()
    {
        await using var tiny = await TinyEngine.StartAsync(parallel: 8);
        var prompt = TinyEngine.Tokens(800, 1);
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => tiny.RunAsync(tiny.Request(prompt))));

        Assert.Equal(7 * 799, outcomes.Sum(outcome => outcome.NumCachedTokens));
        Assert.All(outcomes, outcome => Assert.Equal(outcomes[0].Tokens[0], outcome.Tokens[0]));
    }

    // The energy ledger takes the joules of a step that still runs for later, so it must know of it; and of its end only with the report.
    [Fact]
    public async Task Stats_WhileAStepRuns_TellSinceWhen()
    {
        await using var tiny = await TinyEngine.StartAsync();
        Assert.Equal(0, tiny.Engine.Stats.StepStartedAt);
        var before = Stopwatch.GetTimestamp();
        var outcome = tiny.RunAsync(tiny.Request(TinyEngine.Tokens(700, 1), maxOutput: 200));
        var seen = new List<long>();
        while (!outcome.IsCompleted)
        {
            if (tiny.Engine.Stats.StepStartedAt is not 0 and var startedAt)
            {
                Assert.InRange(startedAt, before, Stopwatch.GetTimestamp());
                seen.Add(startedAt);
            }
        }

        await outcome;
        await tiny.WaitUntilIdleAsync();
        Assert.Equal(0, tiny.Engine.Stats.StepStartedAt);
        var reported = new List<long>();
        while (tiny.Engine.StepReports.TryRead((in StepReport report, ReadOnlySpan<StepRow> _) => reported.Add(report.StartedAt)))
        {
        }

        Assert.NotEmpty(seen);
        Assert.Equal(seen.Order(), seen);
        Assert.Empty(seen.Except(reported));
    }

    [Fact]
    public async Task Abort_Running_EndsWithinAStepAndCellsComeBack()
    {
        await using var tiny = await TinyEngine.StartAsync();
        var request = tiny.Request(TinyEngine.Tokens(50, 1), maxOutput: 2000);
        var stream = tiny.Submit(request);
        Assert.True(await stream.WaitToReadAsync(CancellationToken.None));
        tiny.Engine.Abort(request.Id);
        var outcome = await TinyEngine.ReadAsync(stream);
        var stats = await tiny.WaitUntilIdleAsync();

        Assert.Equal(FinishReason.Aborted, outcome.Reason);
        Assert.InRange(stats.NumCachedCells, 50, 50 + outcome.Tokens.Length);
    }

    [Fact]
    public async Task Abort_UnknownOrFinished_IsIgnored()
    {
        await using var tiny = await TinyEngine.StartAsync();
        tiny.Engine.Abort(12345);
        var request = tiny.Request(TinyEngine.Tokens(5, 1));
        await tiny.RunAsync(request);
        tiny.Engine.Abort(request.Id);

        Assert.Equal(16, (await tiny.RunAsync(tiny.Request(TinyEngine.Tokens(5, 1)))).Tokens.Length);
    }

    [Fact]
    public async Task Submit_ToTheEndOfTheCells_FillsThemExactlyAndStopsByLength()
    {
        await using var tiny = await TinyEngine.StartAsync(context: 512);
        var outcome = await tiny.RunAsync(tiny.Request(TinyEngine.Tokens(100, 1), maxOutput: 100_000));
        var stats = await tiny.WaitUntilIdleAsync();

        Assert.Equal(512 - 100, outcome.Tokens.Length);
        Assert.Equal(FinishReason.Length, outcome.Reason);
        Assert.Equal(511, stats.NumCachedCells); // every cell but that of the last token, which nobody attends to
    }

    [Fact]
    public async Task Submit_MoreThanTheCellsHold_PreemptsAndResumesWithTheSameTokens()
    {
        await using var tiny = await TinyEngine.StartAsync(context: 1280, parallel: 4);
        var requests = Enumerable.Range(1, 4).Select(seed => tiny.Request(TinyEngine.Tokens(20, seed), maxOutput: 700)).ToArray();
        var outcomes = await Task.WhenAll(requests.Select(tiny.RunAsync));
        var stats = await tiny.WaitUntilIdleAsync();

        Assert.All(outcomes, outcome => Assert.Equal(700, outcome.Tokens.Length));
        Assert.True(stats.NumPreemptions > 0);
    }

    [Fact]
    public async Task Submit_QueueFull_RefusesTheRestAndFinishesWhatItTook()
    {
        await using var tiny = await TinyEngine.StartAsync(parallel: 2, maxWaiting: 8);
        var results = Enumerable.Range(0, 200).Select(seed => tiny.Engine.Submit(tiny.Request(TinyEngine.Tokens(30, seed), maxOutput: 4))).ToArray();
        var taken = results.Where(result => result.Status == SubmitStatus.Accepted).ToArray();
        var outcomes = await Task.WhenAll(taken.Select(result => TinyEngine.ReadAsync(result.Stream!)));

        Assert.Contains(results, result => result.Status == SubmitStatus.QueueFull);
        Assert.All(outcomes, outcome => Assert.Equal((FinishReason.Length, 4), (outcome.Reason, outcome.Tokens.Length)));
    }

    [Fact]
    public async Task Submit_StopText_EndsAtItAndNamesIt()
    {
        await using var tiny = await TinyEngine.StartAsync();
        var prompt = TinyEngine.Tokens(40, 3);
        var free = await tiny.RunAsync(tiny.Request(prompt, maxOutput: 60));
        var at = Enumerable.Range(4, 40).First(i => free.Tokens[i] is >= 32 and < 127 && free.Tokens[i + 1] is >= 32 and < 127);
        var stop = $"{(char)free.Tokens[at]}{(char)free.Tokens[at + 1]}";
        var stopped = await tiny.RunAsync(tiny.Request(prompt, maxOutput: 60) with { Stop = [stop] });

        Assert.Equal(stop, stopped.MatchedStop);
        Assert.Equal(FinishReason.Stop, stopped.Reason);
        Assert.Equal(free.Tokens[..stopped.Tokens.Length], stopped.Tokens);
        Assert.True(stopped.Tokens.Length <= at + 2);
    }

    [Fact]
    public async Task Submit_WithTokensGeneratedBefore_GoesOnWhereItWas()
    {
        await using var tiny = await TinyEngine.StartAsync();
        var request = tiny.Request(TinyEngine.Tokens(60, 1), maxOutput: 40, seed: 7, temperature: 1);
        var whole = await tiny.RunAsync(request);
        var resumed = tiny.Submit(request with { Id = 900, OutputTokens = whole.Tokens.AsMemory(0, 25) });
        var tokens = new List<int>();
        while (await resumed.WaitToReadAsync(CancellationToken.None))
        {
            while (resumed.TryRead(out var item))
            {
                if (item.Kind == GenerationEventKind.Token)
                {
                    Assert.Equal(25 + tokens.Count, item.OutputIndex);
                    tokens.Add(item.TokenId);
                }
            }
        }

        Assert.Equal(whole.Tokens[25..], tokens);
    }

    [Fact]
    public Task Submit_SlidingWindow_SharesLikeAnyOther() => RunTwiceAsync(TinyArchitecture.SlidingWindow, KvCacheType.BF16, cached: 399);

    [Fact]
    public Task Submit_RecurrentModel_SharesNothing() => RunTwiceAsync(TinyArchitecture.Recurrent, KvCacheType.F16, cached: 0);

    private static async Task RunTwiceAsync(TinyArchitecture architecture, KvCacheType kvType, int cached)
    {
        await using var tiny = await TinyEngine.StartAsync(kvType, architecture);
        var prompt = TinyEngine.Tokens(400, 1);
        var first = await tiny.RunAsync(tiny.Request(prompt, maxOutput: 30));
        var again = await tiny.RunAsync(tiny.Request(prompt, maxOutput: 30));

        Assert.Equal(cached, again.NumCachedTokens);
        Assert.Equal(first.Tokens, again.Tokens);
    }

    [Fact]
    public async Task Submit_TokenOutsideTheVocabulary_Throws()
    {
        await using var tiny = await TinyEngine.StartAsync();

        Assert.Throws<ArgumentOutOfRangeException>(() => tiny.Engine.Submit(tiny.Request([1, 2, 100_000])));
        Assert.Throws<ArgumentOutOfRangeException>(() => tiny.Engine.Submit(tiny.Request([-1])));
        Assert.Throws<ArgumentOutOfRangeException>(() => tiny.Engine.Submit(tiny.Request([])));
        Assert.Throws<ArgumentOutOfRangeException>(() => tiny.Engine.Submit(tiny.Request(TinyEngine.Tokens(2048, 1))));
        await tiny.RunAsync(tiny.Request([1, 2]));
    }

    [Fact]
    public async Task Dispose_WhileRunning_EndsEveryStream()
    {
        var tiny = await TinyEngine.StartAsync(parallel: 2);
        var streams = Enumerable.Range(0, 10).Select(seed => tiny.Submit(tiny.Request(TinyEngine.Tokens(30, seed), maxOutput: 2000))).ToArray();
        await tiny.Engine.DisposeAsync();
        var outcomes = await Task.WhenAll(streams.Select(TinyEngine.ReadAsync));

        Assert.All(outcomes, outcome => Assert.Equal(FinishReason.Aborted, outcome.Reason));
        Assert.Equal(SubmitStatus.Unavailable, tiny.Engine.Submit(tiny.Request([1])).Status);
        await Assert.ThrowsAsync<EngineUnavailableException>(async () => await tiny.Engine.EncodeAsync(PromptText.Trusted("x"), CancellationToken.None));
    }

    [Fact]
    public async Task StartAsync_NoSuchModel_FailsWithOneLine()
    {
        await using var engine = new InferenceEngine(new InferenceOptions(), "/does/not/exist.gguf", NullLoggerFactory.Instance);
        await engine.StartAsync(null);

        Assert.Equal(EngineState.Failed, engine.State);
        Assert.Contains("/does/not/exist.gguf", engine.Failure, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', engine.Failure!);
    }

    [Fact]
    public async Task Soak_RandomLoadWithAborts_LosesNothingAndTheBooksMatch()
    {
        await using var tiny = await TinyEngine.StartAsync(context: 1536, parallel: 4, maxWaiting: 1000);
        var random = new Random(5);
        var runs = new List<Task<TinyEngine.Outcome>>();
        for (var i = 0; i < 150; i++)
        {
            int[] prompt = [.. TinyEngine.Tokens(random.Next(0, 500), random.Next(3)), .. TinyEngine.Tokens(random.Next(1, 40), i)];
            var request = tiny.Request(prompt, maxOutput: random.Next(1, 120), seed: i, temperature: 1, reuse: random.Next(8) > 0);
            runs.Add(tiny.RunAsync(request));
            if (random.Next(3) == 0)
            {
                _ = Task.Delay(random.Next(200)).ContinueWith(_ => tiny.Engine.Abort(request.Id), TaskScheduler.Default);
            }

            if (random.Next(4) == 0)
            {
                await Task.Delay(random.Next(30));
            }
        }

        var outcomes = await Task.WhenAll(runs);
        Assert.All(outcomes, outcome => Assert.NotEqual(FinishReason.Error, outcome.Reason));
        await tiny.WaitUntilIdleAsync();
    }
}
