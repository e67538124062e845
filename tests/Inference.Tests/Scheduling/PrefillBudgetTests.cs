using InferenceServer.Inference.Scheduling;

namespace InferenceServer.Inference.Tests.Scheduling;

public sealed class PrefillBudgetTests
{
    private static readonly SchedulerLimits Limits = new() { MaxBatchTokens = 256, MaxSequences = 8, MaxOutputs = 8, MaxSequenceTokens = 32768, InterTokenTargetMs = 250, PrefillTile = 8 };

    [Fact]
    public void Next_NobodyWaitsForTheStep_TakesAWholeUbatch()
    {
        var budget = new PrefillBudget(Limits, Learned(), default);

        Assert.Equal(256, budget.Next(default, start: 4000, numLeft: 1000));
    }

    [Fact]
    public void Next_BesideAStream_StaysWithinTheTargetAtEveryPosition()
    {
        var costs = Learned();
        var decodes = default(StepWork).WithDecode(150);
        for (var start = 0; start < 8000; start += 100)
        {
            var count = new PrefillBudget(Limits, costs, decodes).Next(decodes, start, numLeft: 8000);

            Assert.InRange(count, 8, 256);
            Assert.True(count <= 8 || Duration(decodes.WithPrefill(start, count)) <= 250, $"{count} tokens at {start}");
        }
    }

    [Fact]
    public void Next_LargeStepFits_FillsItsRowsWithTheDecode()
    {
        var decodes = default(StepWork).WithDecode(150);
        var count = new PrefillBudget(Limits with { InterTokenTargetMs = 300 }, Learned(), decodes).Next(decodes, start: 256, numLeft: 8000);

        Assert.True(count + 1 >= StepCosts.LargeStepTokens);
        Assert.Equal(0, (count + 1) % Limits.PrefillTile);
    }

    [Fact]
    public void Next_TooLittleLeftForALargeStep_GoesByThePriceOfSmallOnes()
    {
        var decodes = default(StepWork).WithDecode(150);
        var costs = Learned();

        var count = new PrefillBudget(Limits, costs, decodes).Next(decodes, start: 1500, numLeft: 50);

        Assert.InRange(count, 16, 40); // all 50 would take 330 ms
    }

    [Fact]
    public void Watch_PromptThatCompletes_KeepsTheRestWithinTheTarget()
    {
        var costs = Learned();
        var budget = new PrefillBudget(Limits, costs, default);
        var step = default(StepWork).WithPrefill(0, 30);
        budget.Watch();

        var count = budget.Next(step, start: 2000, numLeft: 4000);

        Assert.True(Duration(step.WithPrefill(2000, count)) <= 250);
    }

    // A CPU, as measured: docs/performance.md.
    private static double Duration(StepWork step) =>
        8 + (3 * step.NumTokens) + (0.001 * step.NumDecodeCells) + ((step.NumTokens >= 64 ? 0.0013 : 0.0028) * step.NumPrefillCells);

    private static StepCosts Learned()
    {
        var costs = new StepCosts();
        var random = new Random(1);
        for (var i = 0; i < 1000; i++)
        {
            var step = default(StepWork).WithDecode(random.Next(4000)).WithPrefill(random.Next(8000), i % 2 == 0 ? random.Next(1, 60) : random.Next(64, 250));
            costs.Observe(step, Duration(step));
        }

        return costs;
    }
}
