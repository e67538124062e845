using InferenceServer.Inference.Scheduling;

namespace InferenceServer.Inference.Tests.Scheduling;

public sealed class SchedulerTests
{
    [Fact]
    public void Step_TokensForced_AreComputedAsOneChunkAndYieldTheNextToken()
    {
        var harness = new SchedulerHarness();
        int[] forced = [901, 902, 903];
        harness.Pick = sequence => new SampledToken(sequence.NumTokens, null) { Forced = sequence.NumOutputTokens == 1 ? forced : default };
        var sequence = harness.Add(SchedulerHarness.Tokens(10, 1), maxOutput: 8);
        var other = harness.Add(SchedulerHarness.Tokens(10, 2), maxOutput: 8);

        harness.Step();
        harness.Step();
        Assert.Equal(5, sequence.NumOutputTokens);
        var step = harness.Step();

        Assert.Equal([(other, 4), (sequence, 4)], step.Rows.Select(row => (row.Sequence, row.NumTokens)).OrderByDescending(row => row.Sequence.RequestId));
        Assert.All(step.Rows, row => Assert.True(row.WantsOutput));
        harness.RunToEnd();
        Assert.Equal([10, 11, 901, 902, 903, 15, 16, 17], sequence.Tokens[10..].ToArray());
        Assert.Equal(FinishReason.Length, sequence.FinishReason);
    }

    [Fact]
    public void Schedule_OnePrompt_PrefillsInWholeBatchesThenDecodes()
    {
        var harness = new SchedulerHarness(maxBatchTokens: 128);
        var sequence = harness.Add(SchedulerHarness.Tokens(300, 1), maxOutput: 3);

        Assert.Equal([128, 128, 44, 1, 1], Enumerable.Range(0, 5).Select(_ => harness.Step().NumTokens));
        Assert.Equal(FinishReason.Length, sequence.FinishReason);
        Assert.Equal(3, sequence.NumOutputTokens);
        Assert.False(harness.Scheduler.HasWork);
    }

    [Fact]
    public void Schedule_UnfinishedPrefill_YieldsNoToken()
    {
        var harness = new SchedulerHarness(maxBatchTokens: 128);
        var sequence = harness.Add(SchedulerHarness.Tokens(300, 1));

        Assert.Equal(0, harness.Step().NumOutputs);
        Assert.Equal(0, sequence.NumOutputTokens);
    }

    [Fact]
    public void Schedule_PromptBesideStream_ChunkStaysWithinTargetAndStreamGetsItsTokenFirst()
    {
        var harness = new SchedulerHarness(maxBatchTokens: 256);
        for (var i = 0; i < 50; i++)
        {
            harness.Costs.Observe(new StepWork(1, 0, 0, 0), 8);
            harness.Costs.Observe(new StepWork(0, 64, 0, 0), 208);
        }

        harness.Add(SchedulerHarness.Tokens(10, 1), maxOutput: 100);
        harness.Step();
        harness.Add(SchedulerHarness.Tokens(1000, 2));
        var step = harness.Step();

        Assert.Equal(1, step[0].NumTokens);
        Assert.Equal(1, step.NumDecodes);
        Assert.InRange(step.NumPrefillTokens, 31, 64);
        Assert.Equal(0, step.NumTokens % 32);
        Assert.True(harness.Costs.Predict(new StepWork(step.NumDecodes, step.NumPrefillTokens, 0, 0)) <= 250);
    }

    [Fact]
    public void Schedule_ShortPromptDuringLongPrefill_GoesFirstAndIsNotPadded()
    {
        var harness = new SchedulerHarness(maxBatchTokens: 256, numCells: 16_384);
        harness.Add(SchedulerHarness.Tokens(6000, 1));
        harness.Step();
        var shortOne = harness.Add(SchedulerHarness.Tokens(200, 2));
        var step = harness.Step();

        Assert.Same(shortOne, step[0].Sequence);
        Assert.Equal(1, shortOne.NumOutputTokens);
        Assert.Equal(200, step.NumTokens); // 200 tokens already exceed the latency target by the starting costs
    }

    [Fact]
    public void Schedule_StreamOfShortPrompts_LongPrefillIsServedByAge()
    {
        var harness = new SchedulerHarness(maxBatchTokens: 64, numCells: 65_536, numIds: 16, maxSequences: 2);
        var longOne = harness.Add(SchedulerHarness.Tokens(1000, 1), maxOutput: 1);
        var seed = 2;
        var steps = 0;
        while (longOne.FinishReason is null)
        {
            if (harness.Scheduler.NumWaiting == 0)
            {
                harness.Add(SchedulerHarness.Tokens(60, seed++), maxOutput: 1);
            }

            harness.Step();
            Assert.True(++steps < 200, "The long prefill starves.");
        }
    }

    [Fact]
    public void Schedule_MoreRequestsThanPlaces_RunsByClassThenArrival()
    {
        var harness = new SchedulerHarness(maxSequences: 1);
        harness.Add(SchedulerHarness.Tokens(5, 1), maxOutput: 2);
        harness.Step();
        harness.Add(SchedulerHarness.Tokens(5, 2), @class: RequestClass.Flex);
        harness.Add(SchedulerHarness.Tokens(5, 3));
        harness.Add(SchedulerHarness.Tokens(5, 4));
        harness.Add(SchedulerHarness.Tokens(5, 5), @class: RequestClass.Priority);
        harness.RunToEnd();

        Assert.Equal([0, 4, 2, 3, 1], harness.Finished.Select(sequence => (int)sequence.RequestId));
    }

    [Fact]
    public void Schedule_SamePromptAtOnce_IsComputedOnce()
    {
        var harness = new SchedulerHarness(maxSequences: 8, maxBatchTokens: 128);
        var prompt = SchedulerHarness.Tokens(1000, 1);
        for (var i = 0; i < 8; i++)
        {
            harness.Add([.. prompt, 7_000_000 + i], maxOutput: 4);
        }

        var computed = harness.Step().NumTokens;
        Assert.Equal((7, 7, 0), (harness.Scheduler.NumWaiting, harness.Scheduler.NumDeferred, harness.Scheduler.NumPreempted));
        while (harness.Scheduler.HasWork)
        {
            computed += harness.Step().NumTokens;
        }

        Assert.Equal(0, harness.Scheduler.NumDeferred);
        Assert.Equal(1001 + 7 + (8 * 3), computed); // one whole prompt, one own token each, three decodes each
        Assert.Equal(7 * 1000, harness.Finished.Sum(sequence => sequence.NumCachedTokens));
    }

    [Fact]
    public void Schedule_IdenticalPrompts_LastTokenIsComputedByEach()
    {
        var harness = new SchedulerHarness();
        var prompt = SchedulerHarness.Tokens(300, 1);
        harness.Add(prompt);
        harness.RunToEnd();
        var again = harness.Add(prompt);
        harness.RunToEnd();

        Assert.Equal(299, again.NumCachedTokens);
        Assert.Equal(harness.Finished[0].Tokens.ToArray(), harness.Finished[1].Tokens.ToArray());
    }

    [Fact]
    public void Schedule_PromptLogitsWanted_ComputesEverythingWithinTheOutputBudget()
    {
        var harness = new SchedulerHarness(maxBatchTokens: 128, maxOutputs: 50);
        var prompt = SchedulerHarness.Tokens(300, 1);
        harness.Add(prompt);
        harness.RunToEnd();
        var scored = harness.Add(prompt, maxOutput: 1, promptLogits: true);
        var sizes = new List<int>();
        while (harness.Scheduler.HasWork)
        {
            sizes.Add(harness.Step().NumTokens);
        }

        Assert.Equal(0, scored.NumCachedTokens);
        Assert.Equal([50, 50, 50, 50, 50, 50], sizes);
        Assert.Equal(Enumerable.Range(0, 299), harness.PromptLogits.Select(entry => entry.Position));
        Assert.Equal(1, scored.NumOutputTokens);
    }

    [Fact]
    public void Schedule_PromptLogitsBesideStreams_LeavesEveryStreamItsOutput()
    {
        var harness = new SchedulerHarness(maxSequences: 3, maxBatchTokens: 128, maxOutputs: 3);
        var first = harness.Add(SchedulerHarness.Tokens(5, 1), maxOutput: 100);
        var second = harness.Add(SchedulerHarness.Tokens(5, 2), maxOutput: 100);
        harness.Step();
        harness.Add(SchedulerHarness.Tokens(40, 3), promptLogits: true);
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(3, harness.Step().NumTokens);
        }

        Assert.Equal((21, 21), (first.NumOutputTokens, second.NumOutputTokens));
    }

    [Fact]
    public void Schedule_NothingToGenerate_EndsWithThePrompt()
    {
        var harness = new SchedulerHarness();
        var prompt = SchedulerHarness.Tokens(40, 1);
        var sequence = harness.Add(prompt, maxOutput: 0);
        var step = harness.Step();

        Assert.Equal((40, 0), (step.NumTokens, step.NumOutputs));
        Assert.Equal(FinishReason.Length, sequence.FinishReason);
        Assert.Equal(0, sequence.NumOutputTokens);
        Assert.Equal(40, harness.Scheduler.Cache.NumCachedCells);
    }

    [Fact]
    public void Schedule_FollowUpTurn_ComputesOnlyWhatIsNew()
    {
        var harness = new SchedulerHarness();
        var first = harness.Add(SchedulerHarness.Tokens(300, 1), maxOutput: 20);
        harness.RunToEnd();
        var second = harness.Add([.. first.Tokens, 9, 9, 9]);
        harness.RunToEnd();

        Assert.Equal(first.NumTokens - 1, second.NumCachedTokens); // the last generated token was never computed
    }

    [Fact]
    public void Schedule_OnlyTheNewestTokenMissing_IsComputedAtOnce()
    {
        var harness = new SchedulerHarness();
        var first = harness.Add(SchedulerHarness.Tokens(60, 1), maxOutput: 40);
        harness.RunToEnd();
        var resumed = new Sequence(99, first.Tokens[..60], first.Tokens[60..85], 40);
        harness.Scheduler.Add(resumed);
        var step = harness.Step();
        harness.RunToEnd();

        Assert.Equal(1, step.NumTokens);
        Assert.Equal(first.Tokens.ToArray(), resumed.Tokens.ToArray());
    }

    [Fact]
    public void Schedule_ShortPromptSharesLittleWithLongPrefill_DoesNotWaitForIt()
    {
        var harness = new SchedulerHarness(numCells: 16_384, maxBatchTokens: 256);
        var header = SchedulerHarness.Tokens(40, 1);
        harness.Add([.. header, .. SchedulerHarness.Tokens(6000, 2)]);
        var shortOne = harness.Add([.. header, .. SchedulerHarness.Tokens(100, 3)]);
        harness.Step();

        Assert.Equal(1, shortOne.NumOutputTokens);
    }

    [Fact]
    public void Abort_DuringPrefill_WhatWasComputedStays()
    {
        var harness = new SchedulerHarness(maxBatchTokens: 100);
        var prompt = SchedulerHarness.Tokens(1000, 1);
        var sequence = harness.Add(prompt);
        for (var i = 0; i < 6; i++)
        {
            harness.Step();
        }

        harness.Scheduler.Abort(sequence);
        harness.Step();
        Assert.Equal(FinishReason.Aborted, sequence.FinishReason);
        var again = harness.Add(prompt);
        harness.RunToEnd();

        Assert.Equal(600, again.NumCachedTokens);
    }

    [Fact]
    public void Schedule_OtherSaltOrNoReuse_SharesNothing()
    {
        var harness = new SchedulerHarness();
        var prompt = SchedulerHarness.Tokens(300, 1);
        harness.Add(prompt, salt: "a");
        harness.RunToEnd();
        var otherSalt = harness.Add(prompt, salt: "b");
        harness.RunToEnd();
        var noReuse = harness.Add(prompt, salt: "a", reuse: false);
        harness.RunToEnd();
        var sameSalt = harness.Add(prompt, salt: "a");
        harness.RunToEnd();

        Assert.Equal([0, 0, 299], new[] { otherSalt.NumCachedTokens, noReuse.NumCachedTokens, sameSalt.NumCachedTokens });
    }

    [Fact]
    public void Schedule_NoReuse_LeavesNothingBehind()
    {
        var harness = new SchedulerHarness();
        harness.Add(SchedulerHarness.Tokens(300, 1), reuse: false);
        harness.RunToEnd();

        Assert.Equal(harness.Scheduler.Cache.NumCells, harness.Scheduler.Cache.NumFreeCells);
    }

    [Fact]
    public void Schedule_CellsRunOut_PreemptsYoungestOfLowestClassAndResumesIt()
    {
        var harness = new SchedulerHarness(numCells: 1536, maxSequences: 3, maxSequenceTokens: 1200);
        var sequences = new[]
        {
            harness.Add(SchedulerHarness.Tokens(10, 1), maxOutput: 900),
            harness.Add(SchedulerHarness.Tokens(10, 2), maxOutput: 900, @class: RequestClass.Flex),
        };
        while (harness.Scheduler.NumPreemptions == 0)
        {
            harness.Step();
        }

        Assert.Equal((1, 1), (harness.Scheduler.NumWaiting, harness.Scheduler.NumPreempted));
        harness.RunToEnd();

        Assert.Equal(0, harness.Scheduler.NumPreempted);
        Assert.All(sequences, sequence => Assert.Equal(900, sequence.NumOutputTokens));
        Assert.Equal([0L, 1L], harness.Finished.Select(sequence => sequence.RequestId));
        var undisturbed = new SchedulerHarness();
        var reference = undisturbed.Add(SchedulerHarness.Tokens(10, 2), maxOutput: 900);
        undisturbed.RunToEnd();
        Assert.Equal(reference.Tokens.ToArray(), sequences[1].Tokens.ToArray());
    }

    [Fact]
    public void Schedule_RequestForWholeContext_DoesNotKeepShortOnesOut()
    {
        var harness = new SchedulerHarness(numCells: 4096, maxSequences: 4);
        harness.Add(SchedulerHarness.Tokens(10, 1), maxOutput: 4000);
        harness.Step();
        var shortOnes = Enumerable.Range(2, 3).Select(seed => harness.Add(SchedulerHarness.Tokens(20, seed))).ToArray();
        harness.Step();

        Assert.All(shortOnes, sequence => Assert.Equal(SequenceStatus.Running, sequence.Status));
    }

    [Fact]
    public void Schedule_OneSequenceToTheEnd_TakesExactlyAllCells()
    {
        var harness = new SchedulerHarness(numCells: 512);
        var sequence = harness.Add(SchedulerHarness.Tokens(10, 1), maxOutput: 100_000);
        harness.RunToEnd();

        Assert.Equal(512, sequence.NumTokens);
        Assert.Equal(FinishReason.Length, sequence.FinishReason);
        Assert.Equal(511, harness.Scheduler.Cache.NumCells - harness.Scheduler.Cache.NumFreeCells); // the last token needs no cell
    }

    [Fact]
    public void PostProcessFailure_DeviceMadeAnew_EveryRequestGoesOn()
    {
        var harness = new SchedulerHarness();
        var sequences = Enumerable.Range(1, 3).Select(seed => harness.Add(SchedulerHarness.Tokens(50, seed), maxOutput: 20)).ToArray();
        for (var i = 0; i < 5; i++)
        {
            harness.Step();
        }

        harness.FailStep();
        harness.RunToEnd();

        Assert.All(sequences, sequence => Assert.Equal((FinishReason.Length, 20), (sequence.FinishReason!.Value, sequence.NumOutputTokens)));
    }

    [Fact]
    public void PostProcessFailure_AgainAndAgain_EndsWithError()
    {
        var harness = new SchedulerHarness();
        var sequence = harness.Add(SchedulerHarness.Tokens(50, 1));
        for (var i = 0; i < 3; i++)
        {
            harness.FailStep();
        }

        Assert.Equal(FinishReason.Error, sequence.FinishReason);
    }

    [Fact]
    public void PostProcessNoCells_BooksSaidThereWere_RequestsStillFinish()
    {
        var harness = new SchedulerHarness();
        var sequences = Enumerable.Range(1, 3).Select(seed => harness.Add(SchedulerHarness.Tokens(50, seed), maxOutput: 20)).ToArray();
        harness.Step();
        var step = harness.Scheduler.Schedule();
        harness.Scheduler.PostProcessNoCells(step);
        harness.RunToEnd();

        Assert.All(sequences, sequence => Assert.Equal(20, sequence.NumOutputTokens));
    }
}
