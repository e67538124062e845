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
            costs.Observe(decodes, prefill, Duration(decodes, prefill) * (0.9 + (0.2 * random.NextDouble())));
        }

        foreach (var (decodes, prefill) in new[] { (1, 0), (8, 0), (4, 64), (1, 32) })
        {
            Assert.InRange(costs.Predict(decodes, prefill) / Duration(decodes, prefill), 0.85, 1.15);
        }

        double Duration(int decodes, int prefill) => fixedMs + (perDecodeMs * decodes) + (perTokenMs * prefill);
    }

    [Fact]
    public void Predict_OnlyEqualSteps_StaysFiniteAndAboveNothing()
    {
        var costs = new StepCosts();
        for (var i = 0; i < 1000; i++)
        {
            costs.Observe(1, 0, 8);
        }

        Assert.InRange(costs.Predict(1, 0), 7, 9);
        Assert.InRange(costs.PrefillTokensWithin(250, 1), 30, 100);
    }

    [Fact]
    public void Observe_OneStepWhileTheMachineSlept_DoesNotSpoilThePrediction()
    {
        var costs = new StepCosts();
        for (var i = 0; i < 100; i++)
        {
            costs.Observe(1, i % 64, 8 + (3 * (i % 64)));
        }

        costs.Observe(1, 0, 3_600_000);
        Assert.InRange(costs.Predict(1, 63), 150, 250);
    }

    [Fact]
    public void Observe_LoadOfOtherPrograms_IsFollowedWithinSeconds()
    {
        var costs = new StepCosts();
        for (var i = 0; i < 300; i++)
        {
            costs.Observe(1, i % 3 * 32, 8 + (3 * (i % 3 * 32)));
        }

        for (var i = 0; i < 200; i++)
        {
            costs.Observe(1, i % 3 * 32, 3 * (8 + (3 * (i % 3 * 32))));
        }

        Assert.InRange(costs.Predict(1, 64) / (3 * (8 + (3 * 64))), 0.75, 1.15);
    }

    [Fact]
    public void PrefillTokensWithin_LargeChunksCheaper_TakesOneIfItFitsElseASmallOneByItsOwnPrice()
    {
        var costs = new StepCosts();
        for (var i = 0; i < 200; i++)
        {
            var tokens = i % 2 == 0 ? 16 + (i % 5 * 8) : 64 + (i % 3 * 64);
            costs.Observe(0, tokens, 5 + (tokens < 64 ? 9.0 * tokens : 4.5 * tokens));
        }

        Assert.InRange(costs.PrefillTokensWithin(400, 0), 80, 95);
        Assert.InRange(costs.PrefillTokensWithin(200, 0), 19, 23);
    }

    [Fact]
    public void Observe_Nonsense_IsIgnored()
    {
        var costs = new StepCosts();
        costs.Observe(0, 0, 5);
        costs.Observe(5, 1, double.NaN);
        costs.Observe(5, 1, 0);
        costs.Observe(5, 1, double.PositiveInfinity);

        Assert.False(costs.IsMeasured);
    }
}
