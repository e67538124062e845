using InferenceServer.Telemetry.Power.Attribution;

namespace InferenceServer.Telemetry.Tests.Power.Attribution;

public sealed class StepHistoryTests
{
    [Fact]
    public void Add_BringsSharesToASumOfOne()
    {
        var history = new StepHistory(4, 16);
        history.Add(0, 1, [new(1, true, 30, 0), new(2, false, 10, 1)]);
        Assert.Equal(0.75f, history.GetShare(0, 0).Share);
        Assert.Equal(0.25f, history.GetShare(0, 1).Share);
    }

    [Fact]
    public void Add_WithoutAnyCost_SharesEvenly()
    {
        var history = new StepHistory(4, 16);
        history.Add(0, 1, [new(1, true, 0, 0), new(2, false, 0, 1)]);
        Assert.Equal(0.5f, history.GetShare(0, 1).Share);
    }

    [Fact]
    public void Add_BeyondItsSteps_ForgetsTheOldest()
    {
        var history = new StepHistory(4, 16);
        for (var i = 0; i < 6; i++)
        {
            history.Add(i, i + 1, [new(i, false, 1, 1)]);
        }

        Assert.Equal((2L, 6L), (history.First, history.Next));
        Assert.Equal(2, history.ForgottenTo);
        Assert.Equal((2.0, 3.0), history[2]);
        Assert.Equal(2, history.GetShare(2, 0).RequestId);
    }

    [Fact]
    public void Add_BeyondItsShares_ForgetsAsManyStepsAsItTakes()
    {
        var history = new StepHistory(8, 8);
        history.Add(0, 1, [new(1, false, 1, 1), new(2, false, 1, 1), new(3, false, 1, 1)]);
        history.Add(1, 2, [new(4, false, 1, 1), new(5, false, 1, 1), new(6, false, 1, 1)]);
        history.Add(2, 3, [new(7, false, 1, 1), new(8, false, 1, 1), new(9, false, 1, 1)]);
        Assert.Equal(1, history.First);
        Assert.Equal([4L, 5L, 6L], Enumerable.Range(0, history.CountShares(1)).Select(i => history.GetShare(1, i).RequestId));
        Assert.Equal([7L, 8L, 9L], Enumerable.Range(0, history.CountShares(2)).Select(i => history.GetShare(2, i).RequestId));
    }

    [Fact]
    public void Add_OverlappingTheLast_CutsTheOverlapOff()
    {
        var history = new StepHistory(4, 16);
        history.Add(0, 2, [new(1, false, 1, 1)]);
        history.Add(1.5, 3, [new(1, false, 1, 1)]);
        history.Add(1, 2, [new(1, false, 1, 1)]);
        Assert.Equal((2.0, 3.0), history[1]);
        Assert.Equal(2, history.Next);
    }

    [Fact]
    public void GetBusySeconds_CountsOnlyWhatLiesWithin()
    {
        var history = new StepHistory(4, 16);
        history.Add(0, 1, [new(1, false, 1, 1)]);
        history.Add(2, 3, [new(1, false, 1, 1)]);
        Assert.Equal(1, history.GetBusySeconds(0.5, 2.5));
        Assert.Equal(0, history.GetBusySeconds(1, 2));
        Assert.Equal(2, history.GetBusySeconds(-5, 50));
    }
}
