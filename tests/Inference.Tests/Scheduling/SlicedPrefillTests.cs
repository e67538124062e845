using InferenceServer.Inference.Scheduling;

namespace InferenceServer.Inference.Tests.Scheduling;

/// <summary>Long prompts in slices between the steps of running streams.</summary>
public sealed class SlicedPrefillTests
{
    [Fact]
    public void Schedule_LongPromptBesideStream_TakesTurnsWithItAndEndsInRows()
    {
        var harness = CreateHarness();
        harness.SlicesPerChunk = 2;
        StartStream(harness);
        var prompt = harness.Add(SchedulerHarness.Tokens(400, 2), maxOutput: 1);

        var steps = RunWhile(harness, () => prompt.Status != SequenceStatus.Finished);

        // Chunks of a whole batch and of all but the last token, in two slices each; before each slice and behind the last one the stream has its token.
        Assert.Equal(
            ["rows 1", "slice 0+256", "rows 1", "slice 0+256", "rows 1", "slice 256+143", "rows 1", "slice 256+143", "rows 2"],
            steps.Select(step => step.Text));
        Assert.All(steps.Where(step => step.SliceMs > 0), step => Assert.InRange(step.SliceMs, 160, 165.5));
        Assert.Equal(1, prompt.NumOutputTokens);
    }

    [Fact]
    public void Schedule_NobodyDecodes_ComputesInRows()
    {
        var harness = CreateHarness();
        harness.Add(SchedulerHarness.Tokens(1000, 1), maxOutput: 1);
        harness.Add(SchedulerHarness.Tokens(1000, 2), maxOutput: 1);

        // The first to end has no further token to compute.
        Assert.DoesNotContain(RunWhile(harness, () => harness.Scheduler.HasWork), step => step.SliceMs > 0);
    }

    [Fact]
    public void Schedule_PromptThatFitsBesideStream_IsComputedInItsStep()
    {
        var harness = CreateHarness();
        StartStream(harness);
        harness.Add(SchedulerHarness.Tokens(20, 2), maxOutput: 1);

        Assert.Equal(2, harness.Step().Rows.Count);
    }

    [Fact]
    public void Schedule_ShortPromptDuringAChunk_GoesAheadInRowsAndTheChunkGoesOn()
    {
        var harness = CreateHarness();
        harness.SlicesPerChunk = 20;
        StartStream(harness);
        var book = harness.Add(SchedulerHarness.Tokens(2000, 2), maxOutput: 1);
        RunToSlice(harness);
        var command = harness.Add(SchedulerHarness.Tokens(100, 3), maxOutput: 1);

        var steps = RunWhile(harness, () => command.Status != SequenceStatus.Finished);

        Assert.Equal(0, book.NumComputedTokens);
        Assert.True(steps.Count <= 8, $"It took {steps.Count} steps: {string.Join(", ", steps.Select(step => step.Text))}.");

        // Nobody's pause is longer than the target: what follows a slice is a decode, and rows with a part of a prompt follow rows.
        for (var i = 1; i < steps.Count; i++)
        {
            Assert.True(steps[i - 1].SliceMs == 0 || steps[i].NumPrefillTokens <= 1, string.Join(", ", steps.Select(step => step.Text)));
        }

        RunWhile(harness, () => book.NumComputedTokens == 0);
        Assert.Equal(256, book.NumComputedTokens);
    }

    [Fact]
    public void Schedule_ShortPromptsWithoutEnd_TheChunkIsServedByAge()
    {
        var harness = CreateHarness();
        StartStream(harness);
        var book = harness.Add(SchedulerHarness.Tokens(2000, 2), maxOutput: 1);
        RunToSlice(harness);
        for (var i = 0; book.NumComputedTokens == 0; i++)
        {
            Assert.True(i < 100, "Short prompts hold up the chunk for ever.");
            var command = harness.Add(SchedulerHarness.Tokens(100, 3 + i), maxOutput: 1);
            RunWhile(harness, () => command.Status != SequenceStatus.Finished);
        }
    }

    [Fact]
    public void Schedule_FewTokensCostNoMoreThanMany_ComputesInRows()
    {
        var harness = CreateHarness(largeStepTokenMs: 9);
        StartStream(harness);
        var prompt = harness.Add(SchedulerHarness.Tokens(400, 2), maxOutput: 1);

        Assert.DoesNotContain(RunWhile(harness, () => prompt.Status != SequenceStatus.Finished), step => step.SliceMs > 0);
    }

    [Fact]
    public void PostProcess_ChunkDone_TeachesWhatItCost()
    {
        var harness = CreateHarness();
        harness.StepMilliseconds = 256 * 6;
        StartStream(harness);
        var prompt = harness.Add(SchedulerHarness.Tokens(4000, 2), maxOutput: 1);
        var chunk = default(StepWork).WithPrefill(0, 256);
        var before = harness.Costs.Predict(chunk);

        RunWhile(harness, () => prompt.NumComputedTokens < 3000);

        Assert.InRange(before, 900, 1200);
        Assert.True(harness.Costs.Predict(chunk) > before + 100, $"{harness.Costs.Predict(chunk)} ms instead of {before}.");
    }

    [Fact]
    public void Schedule_SecondLongPrompt_WaitsForTheFirstOnesChunkOnly()
    {
        var harness = CreateHarness();
        StartStream(harness);
        var longer = harness.Add(SchedulerHarness.Tokens(3000, 2), maxOutput: 1);
        harness.Step();
        var shorter = harness.Add(SchedulerHarness.Tokens(600, 3), maxOutput: 1);

        RunWhile(harness, () => shorter.Status != SequenceStatus.Finished);

        Assert.InRange(longer.NumComputedTokens, 1, 512);
    }

    [Fact]
    public void Schedule_PromptLongerThanCanBeSliced_GoesOnInRows()
    {
        var harness = CreateHarness(maxSlicedTokens: 400);
        StartStream(harness);
        var prompt = harness.Add(SchedulerHarness.Tokens(500, 2), maxOutput: 1);

        var steps = RunWhile(harness, () => prompt.Status != SequenceStatus.Finished);

        Assert.Equal(["slice 0+256", "slice 256+144"], steps.Where(step => step.SliceMs > 0).Select(step => step.Text).Distinct());
        Assert.Equal(FinishReason.Length, prompt.FinishReason);
    }

    [Fact]
    public void Schedule_PromptLogitsWanted_ComputesInRows()
    {
        var harness = CreateHarness();
        StartStream(harness);
        var prompt = harness.Add(SchedulerHarness.Tokens(400, 2), maxOutput: 1, promptLogits: true);

        Assert.DoesNotContain(RunWhile(harness, () => prompt.Status != SequenceStatus.Finished), step => step.SliceMs > 0);
        Assert.Equal(399, harness.PromptLogits.Count);
    }

    [Fact]
    public void Schedule_StreamsEndDuringAChunk_TheChunkIsFinished()
    {
        var harness = CreateHarness();
        harness.SlicesPerChunk = 20;
        var stream = StartStream(harness);
        var prompt = harness.Add(SchedulerHarness.Tokens(1000, 2), maxOutput: 1);
        RunToSlice(harness);
        harness.Scheduler.Abort(stream);

        var steps = RunWhile(harness, () => prompt.Status != SequenceStatus.Finished);

        Assert.All(steps.Take(19), step => Assert.Equal("slice 0+256", step.Text));
        Assert.All(steps.Skip(19), step => Assert.Equal(0, step.SliceMs));
    }

    [Fact]
    public void Abort_DuringAChunk_GivesItsCellsBackAndKeepsWhatWasDone()
    {
        var harness = CreateHarness();
        StartStream(harness);
        var prompt = harness.Add(SchedulerHarness.Tokens(1000, 2), maxOutput: 1);
        RunWhile(harness, () => prompt.NumComputedTokens < 512);
        RunToSlice(harness);

        harness.Scheduler.Abort(prompt);
        harness.Step();

        var again = harness.Add(SchedulerHarness.Tokens(1000, 2), maxOutput: 1);
        RunWhile(harness, () => again.NumCachedTokens < 0);
        Assert.Equal(512, again.NumCachedTokens);
    }

    [Fact]
    public void PostProcessFailure_InASlice_ComputesTheChunkAgain()
    {
        var harness = CreateHarness();
        StartStream(harness);
        var prompt = harness.Add(SchedulerHarness.Tokens(400, 2), maxOutput: 1);
        harness.Step();
        harness.FailStep();

        harness.RunToEnd();

        Assert.Equal(FinishReason.Length, prompt.FinishReason);
        Assert.Equal(1, prompt.NumOutputTokens);
    }

    [Fact]
    public void PostProcessNoCells_BehindAChunk_TheSequenceStillFinishes()
    {
        var harness = CreateHarness();
        StartStream(harness);
        var prompt = harness.Add(SchedulerHarness.Tokens(400, 2), maxOutput: 1);
        harness.Step();
        var step = harness.Scheduler.Schedule();
        Assert.NotNull(step.Slice);

        harness.Scheduler.PostProcessNoCells(step);

        harness.RunToEnd();
        Assert.Equal(FinishReason.Length, prompt.FinishReason);
    }

    // A token costs 8 ms beside a stream, so that some 20 fit there, and half as much in a large step.
    private static SchedulerHarness CreateHarness(int maxSlicedTokens = 8192, double largeStepTokenMs = 4)
    {
        var harness = new SchedulerHarness(maxBatchTokens: 256, numCells: 16_384, maxSlicedTokens: maxSlicedTokens, largeStepTokenMs: largeStepTokenMs);
        return harness;
    }

    private static Sequence StartStream(SchedulerHarness harness)
    {
        var stream = harness.Add(SchedulerHarness.Tokens(10, 1), maxOutput: 500);
        harness.Step();
        return stream;
    }

    private static void RunToSlice(SchedulerHarness harness)
    {
        for (var count = 0; harness.Step().Slice is null; count++)
        {
            Assert.True(count < 100, "No slice comes.");
        }
    }

    // What the steps were; a step's own lists are used again.
    private static List<(string Text, double SliceMs, int NumPrefillTokens)> RunWhile(SchedulerHarness harness, Func<bool> condition)
    {
        var steps = new List<(string, double, int)>();
        while (condition())
        {
            Assert.True(steps.Count < 1000, "The scheduler makes no progress.");
            var step = harness.Step();
            steps.Add((step.Slice is { } slice ? $"slice {slice.Start}+{slice.NumTokens}" : $"rows {step.Rows.Count}", step.Slice?.Milliseconds ?? 0, step.NumPrefillTokens));
        }

        return steps;
    }
}
