using InferenceServer.Telemetry.Power.Linux;

namespace InferenceServer.Telemetry.Tests.Power.Linux;

public sealed class WrappingCounterTests
{
    private const long Range = 65_532_610_987; // 0xffffffff units of 15.3 microjoules
    private const double MaxPerSecond = 1e10;

    [Fact]
    public void Update_AcrossTheEnd_GoesOnCounting()
    {
        var counter = new WrappingCounter(Range, MaxPerSecond);
        counter.Update(Range - 40_000_000, 0);
        Assert.Equal(Range + 60_000_000.0, counter.Update(60_000_000, 1));
        Assert.Equal(Range + 160_000_000.0, counter.Update(160_000_000, 2));
    }

    // 250 W for an hour: 13 turns.
    [Fact]
    public void Update_OverManyTurns_LosesNothing()
    {
        var counter = new WrappingCounter(Range, MaxPerSecond);
        var total = 0.0;
        for (var second = 0L; second <= 3600; second++)
        {
            total = counter.Update(second * 250_000_000 % Range, second);
        }

        Assert.Equal(3600.0 * 250_000_000, total);
    }

    [Fact]
    public void Update_AfterAReset_FallsInsteadOfInventingATurn()
    {
        var counter = new WrappingCounter(Range, MaxPerSecond);
        counter.Update(5_000_000, 0);
        Assert.Equal(1000, counter.Update(1000, 1));
    }

    [Fact]
    public void Update_WithoutARange_FallsWhenTheCounterDoes()
    {
        var counter = new WrappingCounter(0, MaxPerSecond);
        counter.Update(100, 0);
        Assert.Equal(3, counter.Update(3, 1));
    }
}
