using InferenceServer.Telemetry.Power;

namespace InferenceServer.Telemetry.Tests.Power;

public sealed class ChannelMeterTests
{
    private readonly ChannelMeter _counter = new(FakePowerSource.Channel("a/b", PowerQuantity.Energy));
    private readonly ChannelMeter _power = new(FakePowerSource.Channel("a/b", PowerQuantity.Power));

    [Fact]
    public void Counter_OneReading_IsNotAvailableYet()
    {
        Assert.False(Take(_counter, 5, at: 1));
        Assert.Equal(ChannelFault.Starting, _counter.Fault);
        Assert.True(double.IsNaN(_counter.Value));
    }

    [Fact]
    public void Counter_TwoReadings_TellWattsJoulesAndWindow()
    {
        Take(_counter, 5, at: 1);
        Assert.True(_counter.Take(PowerReading.Of(25, 3), 3, isWorking: true, out var window));
        Assert.Equal(new EnergyWindow(1, 3, 20), window);
        Assert.Equal(10, _counter.Value);
        Assert.Equal(20, _counter.Joules);
        Assert.Equal(ChannelFault.None, _counter.Fault);
    }

    // A reader that is faster than the firmware sees differences of 0 and of twice as much in turn.
    [Fact]
    public void Counter_ReadFasterThanPublished_HoldsItsWatts()
    {
        var watts = new List<double>();
        for (var i = 0; i < 60; i++)
        {
            var now = i * 0.5;
            var published = Math.Floor(now / 2.1) * 2.1;
            Take(_counter, published * 30, published, now, isWorking: true);
            watts.Add(_counter.Value);
        }

        Assert.All(watts.SkipWhile(double.IsNaN), value => Assert.Equal(30, value, 6));
        Assert.True(watts.Count(double.IsNaN) < 7);
    }

    [Fact]
    public void Counter_PublishedInPieces_TakesThemAsOne()
    {
        // Twice within 20 ms every 2.1 s, half of the energy each time.
        Take(_counter, 0, 0);
        Take(_counter, 31.5, 2.1);
        Take(_counter, 63, 2.12);
        Assert.False(Take(_counter, 63, 2.12, now: 3));
        Assert.True(Take(_counter, 94.5, 4.2));
        Assert.Equal(63 / 2.1, _counter.Value, 6);
        Assert.Equal(94.5, _counter.Joules, 6);
    }

    [Fact]
    public void Counter_StandsStillAtRest_IsZeroWatts()
    {
        Take(_counter, 7, 0);
        for (var now = 0.5; now < 60; now += 0.5)
        {
            Take(_counter, 7, now);
        }

        Assert.Equal(ChannelFault.None, _counter.Fault);
        Assert.Equal(0, _counter.Value);
    }

    [Fact]
    public void Counter_StandsStillAtWork_IsStalledAndNeverZero()
    {
        Take(_counter, 7, 0, isWorking: true);
        for (var now = 0.5; now < ChannelMeter.StalledAfter; now += 0.5)
        {
            Take(_counter, 7, now, isWorking: true);
            Assert.Equal(ChannelFault.Starting, _counter.Fault);
        }

        Take(_counter, 7, ChannelMeter.StalledAfter, isWorking: true);
        Assert.Equal(ChannelFault.Stalled, _counter.Fault);
        Assert.True(double.IsNaN(_counter.Value));

        // Nor does rest make a believable 0 of it.
        Take(_counter, 7, 100);
        Assert.Equal(ChannelFault.Stalled, _counter.Fault);
    }

    [Fact]
    public void Counter_StalledAfterWorking_LosesItsWattsAndComesBack()
    {
        Take(_counter, 0, 0, isWorking: true);
        Take(_counter, 10, 1, isWorking: true);
        for (var now = 1.5; now <= 6; now += 0.5)
        {
            Take(_counter, 10, now, isWorking: true);
        }

        Assert.Equal(ChannelFault.Stalled, _counter.Fault);
        Assert.True(Take(_counter, 60, 6.5, isWorking: true));
        Assert.Equal(ChannelFault.None, _counter.Fault);
        Assert.Equal(50 / 5.5, _counter.Value, 6);
        Assert.Equal(60, _counter.Joules);
    }

    [Fact]
    public void Counter_NotPublished_GrowsStale()
    {
        Take(_counter, 0, 0);
        Take(_counter, 10, 1);
        Take(_counter, 10, 1, now: 10.9);
        Assert.Equal(ChannelFault.None, _counter.Fault);
        Take(_counter, 10, 1, now: 11.1);
        Assert.Equal(ChannelFault.Stale, _counter.Fault);
        Assert.True(double.IsNaN(_counter.Value));
    }

    [Fact]
    public void Counter_PublishedAfterHalfAnHour_AddsJoulesButTellsNoWatts()
    {
        Take(_counter, 0, 0);
        Take(_counter, 10, 1);
        Assert.True(_counter.Take(PowerReading.Of(18_010, 1801), 1801, false, out var window));
        Assert.Equal(new EnergyWindow(1, 1801, 18_000), window);
        Assert.Equal(18_010, _counter.Joules);
        Assert.Equal(ChannelFault.Stale, _counter.Fault);
    }

    [Fact]
    public void Counter_BeginsAgainAtZero_CountsOnWithoutAJump()
    {
        Take(_counter, 1000, 0);
        Take(_counter, 1010, 1);
        Assert.False(Take(_counter, 3, 2));
        Assert.True(Take(_counter, 8, 3));
        Assert.Equal(5, _counter.Value);
        Assert.Equal(15, _counter.Joules);
    }

    [Theory]
    [InlineData(ChannelFault.Permission)]
    [InlineData(ChannelFault.NotSupported)]
    public void Reading_Missing_HasNoValueAndBeginsAnew(ChannelFault fault)
    {
        Take(_counter, 0, 0);
        Take(_counter, 10, 1);
        _counter.Take(PowerReading.Missing(fault), 2, false, out _);
        Assert.Equal(fault, _counter.Fault);
        Assert.True(double.IsNaN(_counter.Value));

        // What was used meanwhile is nobody's: it is not known when.
        Assert.False(Take(_counter, 500, 3));
        Assert.True(Take(_counter, 510, 4));
        Assert.Equal(20, _counter.Joules);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void Reading_NotANumber_IsAFailure(double value)
    {
        Take(_power, value, 1);
        Assert.Equal(ChannelFault.Failed, _power.Fault);
    }

    [Fact]
    public void Power_OneReading_IsAvailable()
    {
        Assert.False(Take(_power, 61.4, 1));
        Assert.Equal(ChannelFault.None, _power.Fault);
        Assert.Equal(61.4, _power.Value);
        Assert.Equal(0, _power.Joules);
    }

    [Fact]
    public void Power_Zero_IsAValue()
    {
        Take(_power, 0, 1);
        Assert.Equal(ChannelFault.None, _power.Fault);
        Assert.Equal(0, _power.Value);
    }

    [Fact]
    public void Power_Changing_IsAddedUpByTrapezoids()
    {
        for (var i = 0; i <= 100; i++)
        {
            Take(_power, i, i * 0.1);
        }

        Assert.Equal(500, _power.Joules, 6); // 0 to 100 W evenly over 10 s
    }

    [Fact]
    public void Power_AfterAGap_DoesNotGuessTheJoulesBetween()
    {
        Take(_power, 100, 0);
        Assert.False(Take(_power, 100, 60));
        Assert.Equal(0, _power.Joules);
        Assert.Equal(100, _power.Value);
    }

    [Fact]
    public void Power_WhereACounterTellsJoules_TellsNone()
    {
        var meter = new ChannelMeter(FakePowerSource.Channel("a/b", PowerQuantity.Power) with { TellsEnergy = false });
        Take(meter, 100, 0);
        Assert.False(Take(meter, 100, 1));
        Assert.Equal(0, meter.Joules);
    }

    [Fact]
    public void Source_Hangs_ValuesGrowStale()
    {
        Take(_power, 5, 1);
        Assert.Equal(ChannelFault.None, _power.FaultAt(10));
        Assert.Equal(ChannelFault.Stale, _power.FaultAt(12));
    }

    [Fact]
    public void Utilization_Zero_IsAValue()
    {
        var meter = new ChannelMeter(FakePowerSource.Channel("a/b", PowerQuantity.Utilization));
        Take(meter, 0, 1);
        Assert.Equal(ChannelFault.None, meter.Fault);
        Assert.Equal(0, meter.Value);
    }

    private static bool Take(ChannelMeter meter, double value, double at, double? now = null, bool isWorking = false) =>
        meter.Take(PowerReading.Of(value, at), now ?? at, isWorking, out _);
}
