using InferenceServer.Inference.Scheduling;

namespace InferenceServer.Inference.Tests.Scheduling;

public sealed class StepCostsTests
{
    [Theory]
    [InlineData(5, 3, 3.3)]
    [InlineData(80, 0.5, 8.4)]
    [InlineData(88, 2, 12)]
    [InlineData(2, 0.3, 0.1)]
    public void Predict_AfterMixedSteps_FollowsTheMachine(double fixedMs, double perDecodeMs, double perTokenMs)
    {
        var costs = new StepCosts();
        var random = new Random(1);
        for (var i = 0; i < 400; i++)
        {
            var decodes = 1 + (i / 10 % 8);
            var prefill = i % 5 == 0 ? 16 * (1 + (i % 4)) : 0;
            costs.Observe(Step(decodes, prefill), Duration(decodes, prefill) * (0.9 + (0.2 * random.NextDouble())));
        }

        foreach (var (decodes, prefill) in new[] { (1, 0), (8, 0), (4, 64), (1, 32) })
        {
            Assert.InRange(costs.Predict(Step(decodes, prefill)) / Duration(decodes, prefill), 0.85, 1.15);
        }

        double Duration(int decodes, int prefill) => fixedMs + (perDecodeMs * decodes) + (perTokenMs * prefill);
    }

    [Fact]
    public void Predict_OnlyEqualSteps_StaysFiniteAndAboveNothing()
    {
        var costs = new StepCosts();
        for (var i = 0; i < 1000; i++)
        {
            costs.Observe(Step(1, 0), 8);
        }

        Assert.InRange(costs.Predict(Step(1, 0)), 7, 9);
        Assert.InRange(costs.PrefillTokensWithin(250, Step(1, 0), start: 0, isLarge: false), 30, 100);
    }

    [Fact]
    public void Observe_OneStepWhileTheMachineSlept_DoesNotSpoilThePrediction()
    {
        var costs = new StepCosts();
        for (var i = 0; i < 100; i++)
        {
            costs.Observe(Step(1, i % 64), 8 + (3 * (i % 64)));
        }

        costs.Observe(Step(1, 0), 3_600_000);
        Assert.InRange(costs.Predict(Step(1, 63)), 150, 250);
    }

    [Fact]
    public void Observe_LoadOfOtherPrograms_IsFollowedWithinSeconds()
    {
        var costs = new StepCosts();
        for (var i = 0; i < 300; i++)
        {
            costs.Observe(Step(1, i % 3 * 32), 8 + (3 * (i % 3 * 32)));
        }

        for (var i = 0; i < 200; i++)
        {
            costs.Observe(Step(1, i % 3 * 32), 3 * (8 + (3 * (i % 3 * 32))));
        }

        Assert.InRange(costs.Predict(Step(1, 64)) / (3 * (8 + (3 * 64))), 0.75, 1.15);
    }

    [Fact]
    public void PrefillTokensWithin_LargeStepsCheaper_GoesByThePriceOfTheKind()
    {
        var costs = new StepCosts();
        for (var i = 0; i < 200; i++)
        {
            var tokens = i % 2 == 0 ? 16 + (i % 5 * 8) : 64 + (i % 3 * 64);
            costs.Observe(Step(0, tokens), 5 + (tokens < 64 ? 9.0 * tokens : 4.5 * tokens));
        }

        Assert.InRange(costs.PrefillTokensWithin(400, default, start: 0, isLarge: true), 80, 95);
        Assert.InRange(costs.PrefillTokensWithin(200, default, start: 0, isLarge: false), 19, 23);
    }

    [Fact]
    public void Predict_WhileALongPromptGrows_FollowsTheAttendedCells()
    {
        // What llama.cpp took on a CPU: attention costs more than everything else from a few thousand cells on.
        var costs = new StepCosts();
        var worst = 0.0;
        for (var start = 0; start < 4096; start += 63)
        {
            var step = default(StepWork).WithDecode(150).WithPrefill(start, 63);
            var duration = 10 + (3 * 63) + (0.0013 * step.NumPrefillCells);
            worst = start > 512 ? Math.Max(worst, Math.Abs((costs.Predict(step) / duration) - 1)) : 0;
            costs.Observe(step, duration);
        }

        Assert.InRange(worst, 0, 0.05);
        Assert.InRange(costs.PrefillTokensWithin(10 + (3 * 100) + (0.0013 * 100 * 2050), default, start: 2000, isLarge: true), 90, 110);
    }

    [Fact]
    public void Predict_OneSlowDecodeOfAShortText_DoesNotPriceLongOnes()
    {
        var costs = new StepCosts();
        for (var position = 0; position < 20; position++)
        {
            costs.Observe(default(StepWork).WithDecode(position), 10);
        }

        costs.Observe(default(StepWork).WithDecode(64), 21);
        Assert.InRange(costs.Predict(default(StepWork).WithDecode(1530)), 10, 45);
    }

    [Fact]
    public void Predict_DecodesOfLongTexts_AreFollowedWithinSteps()
    {
        var costs = new StepCosts();
        for (var position = 0; position < 20; position++)
        {
            costs.Observe(default(StepWork).WithDecode(position), 10);
        }

        for (var position = 4000; position < 4010; position++)
        {
            costs.Observe(default(StepWork).WithDecode(position), 30);
        }

        Assert.InRange(costs.Predict(default(StepWork).WithDecode(4010)), 27, 33);
        Assert.InRange(costs.Predict(default(StepWork).WithDecode(10)), 8, 13);
    }

    [Fact]
    public void Observe_Nonsense_IsIgnored()
    {
        var costs = new StepCosts();
        var expected = costs.Predict(Step(5, 1));
        costs.Observe(Step(0, 0), 5);
        costs.Observe(Step(5, 1), double.NaN);
        costs.Observe(Step(5, 1), 0);
        costs.Observe(Step(5, 1), double.PositiveInfinity);

        Assert.Equal(expected, costs.Predict(Step(5, 1)));
    }

    [Theory]
    [InlineData(3, 0)]
    [InlineData(4, 200)]
    [InlineData(0, 16)]
    public void PredictRow_OfAllRows_AddsUpToTheStep(int numDecodes, int numPrefillTokens)
    {
        var costs = new StepCosts();
        for (var i = 0; i < 200; i++)
        {
            var seen = Step(i % 9, i % 4 == 0 ? i : 0);
            costs.Observe(seen, 5 + (3 * seen.NumDecodes) + (2 * seen.NumPrefillTokens));
        }

        var rows = Enumerable.Range(0, numDecodes).Select(i => default(StepWork).WithDecode(100 * i)).ToList();
        if (numPrefillTokens > 0)
        {
            rows.Add(default(StepWork).WithPrefill(500, numPrefillTokens / 4));
            rows.Add(default(StepWork).WithPrefill(0, numPrefillTokens - (numPrefillTokens / 4)));
        }

        var step = rows.Aggregate((a, b) => new StepWork(
            a.NumDecodes + b.NumDecodes, a.NumPrefillTokens + b.NumPrefillTokens, a.NumDecodeCells + b.NumDecodeCells, a.NumPrefillCells + b.NumPrefillCells));
        Assert.Equal(costs.Predict(step), rows.Sum(row => costs.PredictRow(row, step, rows.Count)), 6);
    }

    [Fact]
    public void Margin_SteadyMachine_ComesDownToTheLeast()
    {
        var costs = Steady(100);

        Assert.InRange(costs.Margin, 1.1, 1.11);
    }

    [Fact]
    public void Margin_StepThatTookLonger_IsRememberedForAWhile()
    {
        var costs = Steady(100);
        var predicted = costs.Predict(Step(2, 16));
        costs.Observe(Step(2, 16), 1.8 * predicted);

        Assert.InRange(costs.Margin, 1.7, 1.9);
        costs.Observe(Step(2, 16), predicted);
        Assert.InRange(costs.Margin, 1.6, 1.85);
        Observe(costs, 100);
        Assert.InRange(costs.Margin, 1.1, 1.11);
    }

    [Fact]
    public void Margin_MachineFellAsleep_LeavesChunksWorthComputing()
    {
        var costs = Steady(100);
        costs.Observe(Step(2, 16), 3_600_000);

        Assert.Equal(2, costs.Margin);
    }

    [Fact]
    public void Margin_NoPrefillBesideStreamsForLong_TrustsThePredictionsLess()
    {
        var costs = Steady(100);
        for (var i = 0; i < 300; i++)
        {
            costs.Observe(Step(2, 0), 11);
        }

        Assert.InRange(costs.Margin, 1.45, 1.5);
    }

    [Theory]
    [InlineData(8, 4, 256, true)]
    [InlineData(8, 4, 64, true)]
    [InlineData(8, 4, 63, false)] // a small step itself
    [InlineData(4, 4, 256, false)] // a call of its own costs what a step costs anyway
    [InlineData(4, 6, 256, false)]
    public void IsCheaperAlone_ByWhatTokensCostInSmallAndLargeSteps(double smallMs, double largeMs, int count, bool expected)
    {
        var costs = new StepCosts();
        for (var i = 0; i < 300; i++)
        {
            costs.Observe(Step(1, 0), 10);
            costs.Observe(Step(1, 20), 10 + (20 * smallMs));
            costs.Observe(Step(0, 200), 9 + (200 * largeMs));
        }

        Assert.Equal(expected, costs.IsCheaperAlone(0, count));
    }

    private static StepCosts Steady(int numSteps)
    {
        var costs = new StepCosts();
        Observe(costs, numSteps);
        return costs;
    }

    // 5 ms and 3 a token, whatever kind.
    private static void Observe(StepCosts costs, int numSteps)
    {
        for (var i = 0; i < numSteps; i++)
        {
            var step = Step(1 + (i % 3), 8 * (1 + (i % 2)));
            costs.Observe(step, 5 + (3 * step.NumTokens));
        }
    }

    private static StepWork Step(int decodes, int prefill) => new(decodes, prefill, 0, 0);
}
