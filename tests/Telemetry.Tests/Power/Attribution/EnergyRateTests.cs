using InferenceServer.Telemetry.Power.Attribution;

namespace InferenceServer.Telemetry.Tests.Power.Attribution;

public sealed class EnergyRateTests
{
    [Fact]
    public void Rate_BeforeAnyToken_IsNotANumber()
    {
        var rate = new EnergyRate();
        Assert.True(double.IsNaN(rate.JoulesPerToken(0)));
        rate.Observe(0, default);
        rate.Observe(1, new EnergyTotals { Idle = 50 });
        Assert.True(double.IsNaN(rate.JoulesPerToken(1)));
    }

    [Fact]
    public void Rate_FollowsTheLastMinute_AndLeavesIdleOut()
    {
        var rate = new EnergyRate();
        var totals = default(EnergyTotals);
        for (var second = 0; second <= 300; second++)
        {
            rate.Observe(second, totals);
            totals += new EnergyTotals { Decode = second < 200 ? 40 : 10, Idle = 5, OutputTokens = 10 };
            if (second == 190)
            {
                Assert.Equal(4, rate.JoulesPerToken(second), 6);
            }
        }

        Assert.Equal(1, rate.JoulesPerToken(300), 6);
    }

    [Fact]
    public void Rate_AMinuteAfterTheLastToken_IsNotANumber()
    {
        var rate = new EnergyRate();
        rate.Observe(0, default);
        rate.Observe(1, new EnergyTotals { Decode = 5, OutputTokens = 5 });
        Assert.Equal(1, rate.JoulesPerToken(30));
        Assert.True(double.IsNaN(rate.JoulesPerToken(120)));
    }

    [Fact]
    public void Rate_WithWindowsOfATenthOfASecond_StillCoversAMinute()
    {
        var rate = new EnergyRate();
        for (var i = 0; i <= 1200; i++)
        {
            rate.Observe(i * 0.1, new EnergyTotals { Decode = i < 900 ? i * 3 : 2700, OutputTokens = i });
        }

        // Half of the last minute at 3 J a token, half for nothing.
        Assert.InRange(rate.JoulesPerToken(120), 1.4, 1.6);
    }
}
