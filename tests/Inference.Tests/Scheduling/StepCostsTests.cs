using InferenceServer.Inference.Scheduling;

namespace InferenceServer.Inference.Tests.Scheduling;

public sealed class StepCostsTests
{
    [Theory]
    [InlineData(5, 3.3)]
    [InlineData(80, 8.4)]
    [InlineData(78, 12)]
    public void Predict_AfterMixedSteps_FollowsTheMachine(double fixedMs, double perTokenMs)
    {
        var costs = new StepCosts();
        var random = new Random(1);
        for (var i = 0; i < 300; i++)
        {
            var tokens = i % 5 == 0 ? 64 : 1 + (i % 4);
            costs.Observe(tokens, (fixedMs + (perTokenMs * tokens)) * (0.9 + (0.2 * random.NextDouble())));
        }

        Assert.InRange(costs.Predict(64) / (fixedMs + (perTokenMs * 64)), 0.9, 1.1);
        Assert.InRange(costs.Predict(1) / (fixedMs + perTokenMs), 0.7, 1.3);
    }

    [Fact]
    public void Predict_OnlyEqualSteps_StaysFiniteAndAboveNothing()
    {
        var costs = new StepCosts();
        for (var i = 0; i < 1000; i++)
        {
            costs.Observe(1, 8);
        }

        Assert.InRange(costs.Predict(1), 7, 9);
        Assert.InRange(costs.PerTokenMs, 1e-4, 8);
        Assert.InRange(costs.TokensWithin(250), 30, int.MaxValue);
    }

    [Fact]
    public void Observe_OneStepWhileTheMachineSlept_DoesNotSpoilThePrediction()
    {
        var costs = new StepCosts();
        for (var i = 0; i < 100; i++)
        {
            costs.Observe(1 + (i % 64), 5 + (3 * (1 + (i % 64))));
        }

        costs.Observe(1, 3_600_000);
        Assert.InRange(costs.Predict(64), 150, 250);
    }

    [Fact]
    public void Observe_Nonsense_IsIgnored()
    {
        var costs = new StepCosts();
        costs.Observe(0, 5);
        costs.Observe(5, double.NaN);
        costs.Observe(5, 0);
        costs.Observe(5, double.PositiveInfinity);

        Assert.False(costs.IsMeasured);
    }
}
