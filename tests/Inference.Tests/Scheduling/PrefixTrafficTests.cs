using InferenceServer.Inference.Scheduling;

namespace InferenceServer.Inference.Tests.Scheduling;

public sealed class PrefixTrafficTests
{
    private const long Plenty = 1 << 20;

    [Fact]
    public void Schedule_ConversationThatLeftTheCells_ComesBackInsteadOfBeingComputed()
    {
        var harness = new SchedulerHarness(numCells: 1024, storeBytes: Plenty);
        var prompt = SchedulerHarness.Tokens(700, 1);
        harness.Add(prompt);
        Drain(harness);
        harness.Add(SchedulerHarness.Tokens(1000, 2), maxOutput: 1);
        Drain(harness);

        var again = harness.Add(prompt);
        var numPrefilled = 0;
        do
        {
            numPrefilled += harness.Step().NumPrefillTokens;
        }
        while (harness.Scheduler.HasWork);

        Assert.Equal(699, again.NumCachedTokens);
        Assert.Equal(1, numPrefilled);
        Assert.Equal(699, harness.Traffic!.NumRestoredTokens);
    }

    [Fact]
    public void Schedule_OnlyThePartThatLeftTheCells_ComesBack()
    {
        var harness = new SchedulerHarness(numCells: 1024, storeBytes: Plenty);
        int[] stem = SchedulerHarness.Tokens(300, 1);
        harness.Add([.. stem, .. SchedulerHarness.Tokens(400, 2)], maxOutput: 1);
        Drain(harness);
        harness.Add([.. stem, .. SchedulerHarness.Tokens(650, 3)], maxOutput: 1);
        Drain(harness);

        var again = harness.Add([.. stem, .. SchedulerHarness.Tokens(400, 2), 7], maxOutput: 1);
        Drain(harness);

        Assert.Equal(700, again.NumCachedTokens);
        Assert.Equal(400, harness.Traffic!.NumRestoredTokens);
    }

    // What is idle is looked at in every step of a CPU: it makes room for nobody, but it goes, and comes back by a copy.
    [Fact]
    public void Schedule_BesideOthers_IdleCellsGoOnceTheyAreSaved()
    {
        var harness = new SchedulerHarness(storeBytes: Plenty, evictsIdleCells: true);
        var prompt = SchedulerHarness.Tokens(700, 1);
        harness.Add(prompt, maxOutput: 1);
        Drain(harness);
        Assert.Equal(700, harness.Scheduler.Cache.NumCachedCells);

        harness.Add(SchedulerHarness.Tokens(100, 2), maxOutput: 4);
        harness.Step();
        Assert.Equal(0, harness.Scheduler.Cache.NumCachedCells);
        Drain(harness);

        var again = harness.Add(prompt, maxOutput: 1);
        Drain(harness);
        Assert.Equal(699, again.NumCachedTokens);
        Assert.Equal(699, harness.Traffic!.NumRestoredTokens);
    }

    [Fact]
    public void Schedule_WhoeverGoesOnWithAnIdleConversation_FindsAllOfIt()
    {
        var harness = new SchedulerHarness(storeBytes: Plenty, evictsIdleCells: true);
        var prompt = SchedulerHarness.Tokens(700, 1);
        harness.Add(prompt, maxOutput: 1);
        Drain(harness);

        var next = harness.Add([.. prompt, .. SchedulerHarness.Tokens(50, 2)], maxOutput: 1);
        Drain(harness);

        Assert.Equal(700, next.NumCachedTokens);
        Assert.Equal((0, 0), (harness.Traffic!.NumRestoredTokens, harness.Scheduler.Cache.NumEvictedTokens));
    }

    [Fact]
    public void Schedule_IdleCellsWhoseEndIsNowhereElse_Stay()
    {
        var harness = new SchedulerHarness(storeBytes: 64 * 8, evictsIdleCells: true);
        harness.Add(SchedulerHarness.Tokens(700, 1), maxOutput: 1);
        Drain(harness);

        harness.Add(SchedulerHarness.Tokens(100, 2), maxOutput: 4);
        harness.Step();

        Assert.Equal(700, harness.Scheduler.Cache.NumCachedCells);
    }

    [Fact]
    public void Schedule_AnotherTailInTheMiddleOfASpan_TakesWhatIsCommon()
    {
        var harness = new SchedulerHarness(numCells: 1024, storeBytes: Plenty);
        var prompt = SchedulerHarness.Tokens(700, 1);
        harness.Add(prompt, maxOutput: 1);
        Drain(harness);
        harness.Add(SchedulerHarness.Tokens(1000, 2), maxOutput: 1);
        Drain(harness);

        var other = harness.Add([.. prompt[..500], .. SchedulerHarness.Tokens(100, 3)], maxOutput: 1);
        Drain(harness);

        Assert.Equal(500, other.NumCachedTokens);
    }

    [Fact]
    public void Schedule_SpanThatDoesNotComeBack_IsComputed()
    {
        var harness = new SchedulerHarness(numCells: 1024, storeBytes: Plenty) { CanRestore = restore => restore.Start < 128 };
        var prompt = SchedulerHarness.Tokens(700, 1);
        harness.Add(prompt);
        Drain(harness);
        harness.Add(SchedulerHarness.Tokens(1000, 2), maxOutput: 1);
        Drain(harness);

        var again = harness.Add(prompt);
        Drain(harness);

        Assert.Equal(128, again.NumCachedTokens);
        Assert.Equal(708, again.NumTokens);
    }

    [Fact]
    public void Schedule_BesideARunningStream_TheStreamGetsATokenInEveryStep()
    {
        // A span takes half the latency target, which the first conversation to come back teaches.
        var harness = new SchedulerHarness(numCells: 4096, storeBytes: Plenty) { RestoreMilliseconds = 125 };
        int[][] prompts = [SchedulerHarness.Tokens(1900, 1), SchedulerHarness.Tokens(1900, 2)];
        harness.Add(prompts[0], maxOutput: 1);
        harness.Add(prompts[1], maxOutput: 1);
        Drain(harness);
        harness.Add(SchedulerHarness.Tokens(4000, 3), maxOutput: 1);
        Drain(harness);
        harness.Add(prompts[0], maxOutput: 1);
        Drain(harness);

        var stream = harness.Add(SchedulerHarness.Tokens(10, 4), maxOutput: 100);
        harness.Step();
        var again = harness.Add(prompts[1], maxOutput: 1);
        var numSteps = 0;
        while (again.NumCachedTokens < 0)
        {
            var before = stream.NumTokens;
            var step = harness.Step();
            numSteps++;
            Assert.Equal(before + 1, stream.NumTokens);
            Assert.Single(step.Restores);
        }

        Assert.Equal(1899, again.NumCachedTokens);
        Assert.Equal(30, numSteps);
    }

    [Theory]
    [InlineData(10, 0.3, 0.9)] // as many whole spans as fit into a tenth of the step
    [InlineData(200, 0.3, 4.8)] // or into five milliseconds
    [InlineData(10, 8, 8)] // a span at least
    public void Save_BehindAStep_TakesATenthOfItAndAtMostFiveMillisecondsButASpanAtLeast(double stepMs, double spanMs, double longest)
    {
        var harness = new SchedulerHarness(numCells: 8192, storeBytes: 1 << 20) { StepMilliseconds = stepMs, SaveMilliseconds = spanMs };
        harness.Add(SchedulerHarness.Tokens(6000, 1), maxOutput: 1);
        Drain(harness);

        Assert.Equal(6000, harness.Traffic!.NumSavedTokens);
        Assert.Equal(longest, harness.LongestSave, precision: 6);
    }

    [Fact]
    public void Schedule_SeveralWithTheSamePrefixAtOnce_ItComesBackOnce()
    {
        var harness = new SchedulerHarness(numCells: 2048, storeBytes: Plenty);
        var prompt = SchedulerHarness.Tokens(700, 1);
        harness.Add(prompt, maxOutput: 1);
        Drain(harness);
        harness.Add(SchedulerHarness.Tokens(2000, 2), maxOutput: 1);
        Drain(harness);

        Sequence[] several = [.. Enumerable.Range(0, 3).Select(i => harness.Add([.. prompt, i], maxOutput: 1))];
        Drain(harness);

        Assert.All(several, sequence => Assert.Equal(700, sequence.NumCachedTokens));
        Assert.Equal(700, harness.Traffic!.NumRestoredTokens);
    }

    [Theory]
    [InlineData(true, null)]
    [InlineData(false, "salt")]
    public void Schedule_OtherSaltOrNoReuse_TakesNothing(bool reuse, string? salt)
    {
        var harness = new SchedulerHarness(numCells: 1024, storeBytes: Plenty);
        var prompt = SchedulerHarness.Tokens(700, 1);
        harness.Add(prompt, salt: "salt");
        Drain(harness);
        harness.Add(SchedulerHarness.Tokens(1000, 2), maxOutput: 1);
        Drain(harness);

        var other = harness.Add(prompt, reuse: reuse, salt: salt);
        Drain(harness);

        Assert.Equal(0, other.NumCachedTokens);
    }

    // Its last block makes room at once; what is before it is copied out in time.
    [Fact]
    public void Schedule_PreemptedSequenceWhoseCellsOthersTook_ComesBackFromTheStore()
    {
        var harness = new SchedulerHarness(numCells: 1536, maxSequences: 3, maxSequenceTokens: 1200, storeBytes: Plenty);
        harness.Add(SchedulerHarness.Tokens(10, 1), maxOutput: 900);
        var preempted = harness.Add(SchedulerHarness.Tokens(10, 2), maxOutput: 900, @class: RequestClass.Flex);
        while (harness.Scheduler.NumPreemptions == 0)
        {
            harness.Step();
        }

        for (var i = 0; i < 20; i++)
        {
            harness.Step();
        }

        harness.Add(SchedulerHarness.Tokens(700, 3), maxOutput: 1);
        Drain(harness);

        Assert.InRange(harness.Traffic!.NumRestoredTokens, 256, 768);
        Assert.Equal(910, preempted.NumTokens);
        for (var i = preempted.NumPromptTokens; i < preempted.NumTokens; i++)
        {
            Assert.Equal(((preempted.Tokens[i - 1] * 31) + i) & 0xFFFFFF, preempted.Tokens[i]);
        }
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
