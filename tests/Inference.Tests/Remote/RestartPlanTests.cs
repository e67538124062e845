using InferenceServer.Inference.Remote;

namespace InferenceServer.Inference.Tests.Remote;

public sealed class RestartPlanTests
{
    [Fact]
    public void Ends_WithProgress_AreFollowedAtOnce()
    {
        var plan = new RestartPlan();
        for (var end = 0; end < 10; end++)
        {
            Assert.Equal(TimeSpan.Zero, plan.End(hasProgress: true));
            Assert.False(plan.IsHopeless);
        }
    }

    [Fact]
    public void Ends_WithoutProgress_AreFollowedMoreAndMoreSlowly_ButAlways()
    {
        var plan = new RestartPlan();

        double[] pauses = [.. Enumerable.Range(0, 40).Select(_ => plan.End(hasProgress: false).TotalSeconds)];

        Assert.Equal([0, 1, 15, 30, 60, 120, 240, 300, 300], pauses[..9]);
        Assert.Equal(300, pauses[^1]);
        Assert.True(plan.IsHopeless);
        Assert.Equal(TimeSpan.Zero, plan.End(hasProgress: true));
        Assert.False(plan.IsHopeless);
    }
}
