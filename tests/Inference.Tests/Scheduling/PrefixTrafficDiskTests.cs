using InferenceServer.Inference.Cache.Disk;
using InferenceServer.Inference.Scheduling;

namespace InferenceServer.Inference.Tests.Scheduling;

/// <summary>Prefixes that are on disk alone: the host's memory has no room.</summary>
public sealed class PrefixTrafficDiskTests
{
    [Fact]
    public void Schedule_PrefixOnDisk_ComesBackInsteadOfBeingComputed()
    {
        var (harness, prompt) = WithPrefixOnDisk();

        var again = harness.Add(prompt);
        Drain(harness);

        Assert.Equal(699, again.NumCachedTokens);
        Assert.Equal((699, 1), (harness.Traffic!.NumDiskTokens, harness.Traffic.NumDiskHits));
    }

    [Fact]
    public void Schedule_WhileItIsRead_OthersAreServedAndNothingIsComputedForIt()
    {
        var (harness, prompt) = WithPrefixOnDisk();
        harness.IsReading = false;
        var stream = harness.Add(SchedulerHarness.Tokens(10, 4), maxOutput: 50);
        harness.Step();
        var again = harness.Add(prompt);
        var other = harness.Add(SchedulerHarness.Tokens(30, 5), maxOutput: 2);
        for (var i = 0; i < 10; i++)
        {
            var before = stream.NumTokens;
            harness.Step();
            Assert.Equal(before + 1, stream.NumTokens);
        }

        Assert.Equal(SequenceStatus.Finished, other.Status);
        Assert.Equal((-1, 0), (again.NumCachedTokens, again.NumComputedTokens));
        harness.IsReading = true;
        Drain(harness);
        Assert.Equal(699, again.NumCachedTokens);
    }

    [Fact]
    public void Schedule_NothingElseToDo_TheStepIsEmptyUntilItIsRead()
    {
        var (harness, prompt) = WithPrefixOnDisk();
        harness.IsReading = false;
        var again = harness.Add(prompt);

        Assert.Equal((0, 0), (harness.Step().Rows.Count, harness.Step().Restores.Count));

        Assert.True(harness.Traffic!.IsReading);
        Assert.Equal(0, harness.Scheduler.NumPreemptions);
        harness.IsReading = true;
        Drain(harness);
        Assert.Equal(699, again.NumCachedTokens);
    }

    [Fact]
    public void Schedule_SeveralWithTheSamePrefix_EachSpanIsReadOnce()
    {
        var (harness, prompt) = WithPrefixOnDisk();

        Sequence[] several = [.. Enumerable.Range(0, 3).Select(i => harness.Add([.. prompt, i], maxOutput: 1))];
        Drain(harness);

        Assert.All(several, sequence => Assert.Equal(700, sequence.NumCachedTokens));
        Assert.Equal(harness.NumReads, harness.ReadSpans.Distinct().Count());
    }

    [Fact]
    public void Schedule_SpanThatCannotBeRead_IsComputedAndSoIsTheRest()
    {
        var (harness, prompt) = WithPrefixOnDisk();
        harness.CanRead = span => span.Start < 256;

        var again = harness.Add(prompt);
        Drain(harness);

        Assert.Equal(256, again.NumCachedTokens);
        Assert.Equal(708, again.NumTokens);
    }

    [Fact]
    public void Schedule_DiskThatSwitchesItselfOffMeanwhile_EverythingIsComputed()
    {
        var (harness, prompt) = WithPrefixOnDisk();
        harness.IsReading = false;
        var again = harness.Add(prompt);
        harness.Step();

        harness.Disk!.Apply(new DiskReport(DiskReportKind.Off));
        Drain(harness);

        Assert.Equal(0, again.NumCachedTokens);
        Assert.Equal(708, again.NumTokens);
    }

    [Fact]
    public void Abort_WhileItIsRead_LeavesNothingBehind()
    {
        var (harness, prompt) = WithPrefixOnDisk();
        harness.IsReading = false;
        var again = harness.Add(prompt);
        harness.Step();

        harness.Scheduler.Abort(again);
        harness.IsReading = true;
        Drain(harness);

        Assert.Equal(0, harness.Disk!.NumReading);
        Assert.Empty(harness.Scheduler.Running);
    }

    // Random prompts with common beginnings in turns, in cells for two of them, while reads fail, come late or not at all: the answers are those of a machine without a store.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Schedule_AnyOrderOfRequestsAndReads_AnswersAsComputed(int seed)
    {
        var random = new Random(seed);
        var harness = new SchedulerHarness(numCells: 1024, storeBytes: 2000, diskBytes: 40_000) { CanRead = _ => random.Next(10) > 0 };
        int[][] stems = [.. Enumerable.Range(0, 4).Select(i => SchedulerHarness.Tokens(random.Next(100, 400), i))];
        var live = new List<Sequence>();
        for (var i = 0; i < 400; i++)
        {
            if (random.Next(3) == 0)
            {
                var stem = stems[random.Next(stems.Length)];
                live.Add(harness.Add([.. stem[..random.Next(1, stem.Length)], .. SchedulerHarness.Tokens(random.Next(1, 60), random.Next(5, 9))], random.Next(1, 20)));
            }

            harness.IsReading = random.Next(4) > 0;
            if (random.Next(15) == 0 && live.Count > 0)
            {
                harness.Scheduler.Abort(live[random.Next(live.Count)]);
            }

            harness.Step();
        }

        harness.IsReading = true;
        Drain(harness);
        foreach (var sequence in live.Where(sequence => sequence.FinishReason == FinishReason.Length))
        {
            for (var i = sequence.NumPromptTokens; i < sequence.NumTokens; i++)
            {
                Assert.Equal(((sequence.Tokens[i - 1] * 31) + i) & 0xFFFFFF, sequence.Tokens[i]);
            }
        }

        Assert.True(harness.NumReads > 0);
        Assert.True(harness.Disk!.NumBytes <= 40_000);
    }

    private static (SchedulerHarness Harness, int[] Prompt) WithPrefixOnDisk()
    {
        var harness = new SchedulerHarness(numCells: 1024, storeBytes: 1, diskBytes: 1 << 20);
        var prompt = SchedulerHarness.Tokens(700, 1);
        harness.Add(prompt);
        Drain(harness);
        harness.Add(SchedulerHarness.Tokens(1000, 2), maxOutput: 1);
        Drain(harness);
        return (harness, prompt);
    }

    private static void Drain(SchedulerHarness harness)
    {
        do
        {
            harness.Step();
        }
        while (harness.Scheduler.HasWork || harness.Traffic!.HasSaves);
    }
}
