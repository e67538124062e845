using FsCheck;
using FsCheck.Fluent;
using InferenceServer.Inference.Scheduling;

namespace InferenceServer.Inference.Tests.Scheduling;

/// <summary>
/// Random arrivals, lengths, classes, aborts, failures, crashes and sizes of cells, memory and disk; the harness checks the books against the simulated memory after every step.
/// </summary>
public sealed class SchedulerProperties
{
    private static readonly Gen<Act> Acts = Gen.Frequency(
        (6, from stem in Gen.Choose(0, 3)
            from stemLength in Gen.Choose(0, 600)
            from ownLength in Gen.Choose(1, 60)
            from maxOutput in Gen.Choose(0, 80)
            from priority in Gen.Choose(0, 2)
            from reuse in Gen.Choose(0, 7)
            from salt in Gen.Choose(0, 5)
            from promptLogits in Gen.Choose(0, 5)
            select (Act)new Arrive(stem, stemLength, ownLength, maxOutput, (RequestClass)priority, reuse > 0, salt == 0 ? "other" : null, promptLogits == 0)),
        (12, from count in Gen.Choose(1, 30) select (Act)new Run(count)),
        (2, from which in Gen.Choose(0, 1000) select (Act)new Leave(which)),
        (1, Gen.Constant((Act)new Fail())),
        (1, from everyNthFile in Gen.Choose(0, 5) select (Act)new Crash(everyNthFile)));

    private static readonly Gen<Scenario> Scenarios =
        from cells in Gen.Choose(3, 12)
        from spareIds in Gen.Choose(0, 12)
        from sequences in Gen.Choose(1, 5)
        from batch in Gen.Choose(1, 5)
        from spareOutputs in Gen.Choose(0, 40)
        from canShare in Gen.Choose(0, 5)
        from storeTokens in Gen.Frequency((1, Gen.Constant(0)), (1, Gen.Choose(64, 600)), (2, Gen.Constant(1_000_000)))
        from diskBytes in Gen.Frequency((1, Gen.Constant(0)), (1, Gen.Choose(1_000, 20_000)), (2, Gen.Constant(1 << 20)))
        from evictsIdle in Gen.Choose(0, 2)
        from everyNthFails in Gen.Choose(0, 9)
        from slicedTokens in Gen.Frequency((1, Gen.Constant(0)), (1, Gen.Choose(1, 300)), (2, Gen.Constant(1_000_000)))
        from slices in Gen.Choose(1, 6)
        from acts in Gen.ListOf(Acts)
        select new Scenario(
            cells * 256, sequences + spareIds, sequences, Math.Max(sequences, batch * 32), canShare > 0, sequences + spareOutputs, storeTokens, diskBytes, evictsIdle > 0, everyNthFails, slicedTokens, slices, acts.ToList());

    [Fact]
    public void Scheduler_RandomLoad_LosesNothingAndGivesWhatACachelessRunGives()
    {
        var (numDiskTokens, numSlices) = (0L, 0L);
        Prop.ForAll(Scenarios.ToArbitrary(), scenario => Holds(scenario, ref numDiskTokens, ref numSlices)).Check(Config.QuickThrowOnFailure.WithMaxTest(150).WithEndSize(80));
        Assert.True(numDiskTokens > 0, "Nothing ever came back from disk: that was not tried.");
        Assert.True(numSlices > 0, "Nothing was ever computed in slices: that was not tried.");
    }

    private static bool Holds(Scenario scenario, ref long numDiskTokens, ref long numSlices)
    {
        var harness = new SchedulerHarness(
            scenario.NumCells, scenario.NumIds, scenario.MaxSequences, scenario.MaxBatchTokens, maxSequenceTokens: scenario.NumCells, scenario.CanShare, scenario.MaxOutputs, scenario.StoreTokens * 8, scenario.DiskBytes, scenario.EvictsIdleCells, scenario.CanShare ? scenario.MaxSlicedTokens : 0)
        {
            SlicesPerChunk = scenario.SlicesPerChunk,
            Pick = Pick,
            CanRestore = restore => scenario.EveryNthRestoreFails == 0 || restore.End % scenario.EveryNthRestoreFails != 1,
            CanRead = span => scenario.EveryNthRestoreFails == 0 || span.End % (7 * scenario.EveryNthRestoreFails) != 1,
        };
        var sequences = new List<Sequence>();
        foreach (var act in scenario.Acts)
        {
            switch (act)
            {
                case Arrive arrive:
                    int[] prompt = [.. SchedulerHarness.Tokens(Math.Min(arrive.StemLength, scenario.NumCells - 100), arrive.Stem), .. SchedulerHarness.Tokens(arrive.OwnLength, 10 + (sequences.Count % 5))];
                    sequences.Add(harness.Add(prompt, arrive.MaxOutput, arrive.Class, arrive.Reuse, arrive.Salt, arrive.PromptLogits));
                    break;
                case Run run:
                    for (var i = 0; i < run.Steps && harness.Scheduler.HasWork; i++)
                    {
                        numSlices += harness.Step().Slice is null ? 0 : 1;
                    }

                    break;
                case Leave leave when sequences.Count > 0:
                    harness.Scheduler.Abort(sequences[leave.Which % sequences.Count]);
                    break;
                case Fail:
                    harness.FailStep();
                    break;
                case Crash crash:
                    var numFiles = 0;
                    var again = harness.Crash(_ => crash.EveryNthFile > 0 && ++numFiles % crash.EveryNthFile == 0);
                    sequences = [.. sequences.Select(sequence => again.GetValueOrDefault(sequence, sequence))];
                    break;
            }
        }

        harness.RunToEnd();
        numDiskTokens += harness.Traffic?.NumDiskTokens ?? 0;
        Assert.Equal(sequences.Count, harness.Finished.Count);
        Assert.Equal(sequences.Count, harness.Finished.Distinct().Count());
        Assert.Empty(harness.Scheduler.Running);
        Assert.Equal(scenario.NumCells, harness.Scheduler.Cache.NumAvailableCells);
        foreach (var sequence in sequences)
        {
            CheckAgainstCachelessRun(sequence);
            var positions = harness.PromptLogits.Where(entry => entry.Sequence == sequence).Select(entry => entry.Position).ToArray();
            Assert.Equal(Enumerable.Range(0, positions.Length), positions);
            if (sequence.FinishReason is FinishReason.Stop or FinishReason.Length)
            {
                Assert.Equal(sequence.WantsPromptLogits ? sequence.NumPromptTokens - 1 : 0, positions.Length);
            }
        }

        return true;
    }

    private static void CheckAgainstCachelessRun(Sequence sequence)
    {
        var tokens = sequence.Tokens[..sequence.NumPromptTokens].ToArray().ToList();
        FinishReason? reason = null;
        if (sequence.MaxTokens == sequence.NumPromptTokens)
        {
            reason = FinishReason.Length;
        }

        while (reason is null && tokens.Count < sequence.NumTokens)
        {
            var isEnd = IsEnd(tokens.ToArray());
            tokens.Add(NextToken(tokens.ToArray()));
            reason = isEnd ? FinishReason.Stop : tokens.Count >= sequence.MaxTokens ? FinishReason.Length : null;
        }

        Assert.Equal(tokens, sequence.Tokens.ToArray());
        if (sequence.FinishReason is FinishReason.Stop or FinishReason.Length)
        {
            Assert.Equal(reason, sequence.FinishReason);
        }
        else
        {
            Assert.True(reason is null || sequence.NumOutputTokens == 0);
            Assert.True(sequence.FinishReason is FinishReason.Aborted or FinishReason.Error);
        }
    }

    // Now and then several tokens at once, the same ones that would have come one by one.
    private static SampledToken Pick(Sequence sequence)
    {
        var tokens = sequence.Tokens.ToArray().ToList();
        var numExtra = Math.Min(sequence.NumTokens % 7 == 0 ? sequence.NumTokens % 5 : 0, sequence.MaxTokens - sequence.NumTokens - 1);
        FinishReason? reason;
        do
        {
            reason = IsEnd(tokens.ToArray()) ? FinishReason.Stop : null;
            tokens.Add(NextToken(tokens.ToArray()));
        }
        while (reason is null && numExtra-- > 0);

        return new SampledToken(tokens[sequence.NumTokens], reason) { Forced = tokens.Skip(sequence.NumTokens + 1).ToArray() };
    }

    private static int NextToken(ReadOnlySpan<int> tokens) => ((tokens[^1] * 31) + tokens.Length) % 97;

    private static bool IsEnd(ReadOnlySpan<int> tokens) => ((tokens[^1] * 7) + tokens.Length) % 41 == 0;

    private abstract record Act;

    private sealed record Arrive(int Stem, int StemLength, int OwnLength, int MaxOutput, RequestClass Class, bool Reuse, string? Salt, bool PromptLogits) : Act;

    private sealed record Run(int Steps) : Act;

    private sealed record Leave(int Which) : Act;

    private sealed record Fail : Act;

    // Of the files on disk, so many are not there afterwards: never written, or damaged.
    private sealed record Crash(int EveryNthFile) : Act;

    private sealed record Scenario(int NumCells, int NumIds, int MaxSequences, int MaxBatchTokens, bool CanShare, int MaxOutputs, int StoreTokens, int DiskBytes, bool EvictsIdleCells, int EveryNthRestoreFails, int MaxSlicedTokens, int SlicesPerChunk, List<Act> Acts)
    {
        public override string ToString() =>
            $"cells {NumCells}, ids {NumIds}, sequences {MaxSequences}, batch {MaxBatchTokens}, share {CanShare}, outputs {MaxOutputs}, store {StoreTokens}, disk {DiskBytes}, idle go {EvictsIdleCells}, restores fail {EveryNthRestoreFails}, sliced {MaxSlicedTokens} in {SlicesPerChunk}: {string.Join(", ", Acts)}";
    }
}
