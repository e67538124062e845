using InferenceServer.Inference;
using InferenceServer.Inference.Engine;
using InferenceServer.Testing;

namespace InferenceServer.Integration.Tests.Engine;

/// <summary>Long prompts that are computed in slices between the steps of a stream, on the real library. Disposing the engine compares the books with it.</summary>
[Collection(Native.NativeCollection.Name)]
public sealed class SlicedPrefillTests
{
    // Tokens that the chat model computes for some seconds. The last 40 are the first again, so that it knows what comes next (99 %), if it has the cells of the beginning: behind any tokens
    // the two likeliest are so close that it depends on the rounding which is first.
    private static readonly int[] Book = [.. Enumerable.Range(0, 900).Select(i => 1000 + (i % 860 * 37 % 20_000))];

    [Fact]
    public async Task Submit_LongPromptBesideAStream_PausesForItAndBothAnswerAsAlone()
    {
        await using var chat = await TinyEngine.StartChatModelAsync(context: 8192);
        var book = await chat.RunAsync(chat.Request(Book, maxOutput: 12, reuse: false));
        var story = await chat.RunAsync(chat.Request(Book[..40], maxOutput: 60, reuse: false));
        await chat.WaitUntilIdleAsync();
        Read(chat);

        // Beside the book the stream computes alone, as it did before: what a step holds besides changes how its sums are rounded.
        var stream = chat.Submit(chat.Request(Book[..40], maxOutput: 400, reuse: false));
        Assert.True(await stream.WaitToReadAsync(CancellationToken.None));
        var beside = await chat.RunAsync(chat.Request(Book, maxOutput: 12, reuse: false));
        chat.Engine.Abort(chat.LastId - 1);
        var outcome = await TinyEngine.ReadAsync(stream);

        Assert.Equal(book.Tokens[0], beside.Tokens[0]);
        Assert.Equal(story.Tokens[..10], outcome.Tokens[..10]);
        await chat.WaitUntilIdleAsync();
        var reports = Read(chat);
        var numPauses = reports.Count(report => report.Status == RunStatus.Paused);
        Assert.True(numPauses >= 4, $"It paused {numPauses} times.");

        // Chunks of a whole batch, counted when they are done; the last token has a row.
        Assert.Equal([256, 256, 256, 131], reports.Where(report => report is { NumDecodes: 0, NumPrefillTokens: > 100 }).Select(report => report.NumPrefillTokens));

        // Whoever looks at two reports finds a step of the stream between two slices.
        for (var i = 1; i < reports.Count; i++)
        {
            Assert.False(reports[i - 1].Status == RunStatus.Paused && reports[i].Status == RunStatus.Paused, $"Slices {i - 1} and {i} came without a step between them.");
        }
    }

    [Fact]
    public async Task Abort_DuringAChunk_KeepsTheChunksBeforeAndTheNextPromptIsComputed()
    {
        await using var chat = await TinyEngine.StartChatModelAsync(context: 8192);
        var stream = chat.Submit(chat.Request(Book[..40], maxOutput: 2000));
        Assert.True(await stream.WaitToReadAsync(CancellationToken.None));
        var before = chat.Engine.Stats.NumPrefillTokens;
        var first = chat.Submit(chat.Request(Book));
        await WaitForAsync(chat, stats => stats.NumPrefillTokens >= before + 256);
        var numSteps = chat.Engine.Stats.NumSteps;
        await WaitForAsync(chat, stats => stats.NumSteps >= numSteps + 2);
        chat.Engine.Abort(chat.LastId);
        Assert.Equal(Inference.Scheduling.FinishReason.Aborted, (await TinyEngine.ReadAsync(first)).Reason);

        var other = await chat.RunAsync(chat.Request([.. Book[..300], .. Book[100..400]], maxOutput: 4));
        var again = await chat.RunAsync(chat.Request(Book, maxOutput: 4));

        chat.Engine.Abort(1);
        Assert.Equal(4, other.Tokens.Length);
        Assert.InRange(again.NumCachedTokens, 256, 767);
        var alone = await chat.RunAsync(chat.Request(Book, maxOutput: 4, reuse: false));
        Assert.Equal(alone.Tokens[0], again.Tokens[0]);
        await TinyEngine.ReadAsync(stream);
    }

    [Theory]
    [InlineData((int)TinyArchitecture.Llama, KvCacheType.BF16)]
    [InlineData((int)TinyArchitecture.Llama, KvCacheType.Q8_0)]
    [InlineData((int)TinyArchitecture.SlidingWindow, KvCacheType.BF16)]
    public async Task Submit_LongPromptsBesideStreams_AnswerAsAlone(int architecture, KvCacheType kvType)
    {
        await using var tiny = await TinyEngine.StartAsync(kvType, (TinyArchitecture)architecture, context: 8192, parallel: 6);
        var prompts = Enumerable.Range(0, 6).Select(i => TinyEngine.Tokens(1000 + (100 * i), seed: i)).ToArray();
        var alone = new List<int[]>();
        foreach (var prompt in prompts)
        {
            alone.Add((await tiny.RunAsync(tiny.Request(prompt, maxOutput: 30, reuse: false))).Tokens);
        }

        await tiny.WaitUntilIdleAsync();
        Read(tiny);
        var before = tiny.Engine.Stats.NumPrefillTokens;
        var stream = tiny.Submit(tiny.Request(TinyEngine.Tokens(20, 99), maxOutput: 1900));
        Assert.True(await stream.WaitToReadAsync(CancellationToken.None));
        var outcomes = await Task.WhenAll(prompts.Select(prompt => tiny.RunAsync(tiny.Request(prompt, maxOutput: 30))));

        Assert.All(outcomes, outcome => Assert.Equal(0, outcome.NumCachedTokens));
        Assert.Equal(alone, outcomes.Select(outcome => outcome.Tokens));
        await TinyEngine.ReadAsync(stream);
        var stats = await tiny.WaitUntilIdleAsync();
        Assert.Equal(20 + prompts.Sum(prompt => prompt.Length), stats.NumPrefillTokens - before);

        // The stream has a row in every other step.
        Assert.Contains(Read(tiny), report => report is { NumDecodes: 0, NumPrefillTokens: 256 });
    }

    [Fact]
    public async Task Submit_PromptThatIsPartlyCached_BringsItsPrefixAlong()
    {
        await using var tiny = await TinyEngine.StartAsync(KvCacheType.BF16, context: 8192);
        var prompt = TinyEngine.Tokens(1500, 1);
        var alone = await tiny.RunAsync(tiny.Request(prompt, maxOutput: 30, reuse: false));
        await tiny.RunAsync(tiny.Request(prompt[..600], maxOutput: 1));
        var stream = tiny.Submit(tiny.Request(TinyEngine.Tokens(20, 99), maxOutput: 1500));
        Assert.True(await stream.WaitToReadAsync(CancellationToken.None));

        var beside = await tiny.RunAsync(tiny.Request(prompt, maxOutput: 30));

        Assert.Equal(600, beside.NumCachedTokens);
        Assert.Equal(alone.Tokens, beside.Tokens);
        await TinyEngine.ReadAsync(stream);
    }

    private static async Task WaitForAsync(TinyEngine engine, Func<EngineStats, bool> condition)
    {
        var deadline = DateTime.UtcNow.AddSeconds(60);
        while (!condition(engine.Engine.Stats))
        {
            Assert.True(DateTime.UtcNow < deadline, "It does not come so far.");
            await Task.Delay(1);
        }
    }

    private static List<StepReport> Read(TinyEngine engine)
    {
        var reports = new List<StepReport>();
        while (engine.Engine.StepReports.TryRead((in StepReport report, ReadOnlySpan<StepRow> _) => reports.Add(report)))
        {
        }

        return reports;
    }
}
