using InferenceServer.Telemetry.Power;
using InferenceServer.Telemetry.Power.Attribution;
using Microsoft.Extensions.Logging.Abstractions;

namespace InferenceServer.Telemetry.Tests.Power;

public sealed class SourceMonitorTests
{
    private readonly EnergyLedger _ledger = new();

    [Fact]
    public void Tick_OnAnAbsentSource_TellsWhyAndAsksOnce()
    {
        var numOpened = 0;
        using var monitor = Monitor(new PowerProvider("none", () =>
        {
            numOpened++;
            return PowerOpening.Missing(ChannelFault.NotFound, "no such device");
        }));
        monitor.Tick(0);
        monitor.Tick(1);
        Assert.Equal(1, numOpened);
        Assert.True(monitor.IsAbsent);
        Assert.Equal(ChannelFault.NotFound, monitor.Fault);
        Assert.Equal("no such device", monitor.Detail);
    }

    [Fact]
    public void Source_Throws_ItsChannelsAreUnavailableUntilItWorksAgain()
    {
        var source = new FakePowerSource(FakePowerSource.Channel("fake/gpu", PowerQuantity.Energy));
        using var monitor = Monitor(source.ToProvider());
        Tick(monitor, source, 0, 0);
        Tick(monitor, source, 1, 50);
        Assert.Equal((50, 50, ChannelFault.None), State(monitor));

        source.Failure = new InvalidOperationException("the driver is gone");
        monitor.Tick(2);
        Assert.Equal(ChannelFault.Failed, State(monitor).Fault);
        Assert.Equal(ChannelFault.Failed, monitor.Fault);
        Assert.Equal("the driver is gone", monitor.Detail);
        Assert.Equal(1, source.NumDisposed);

        source.Failure = null;
        Tick(monitor, source, 3.5, 500);
        Tick(monitor, source, 4.5, 520);

        // The same joules go on, without those of the gap.
        Assert.Equal((20, 70, ChannelFault.None), State(monitor));
        Assert.Equal(ChannelFault.None, monitor.Fault);
    }

    [Fact]
    public void Source_ThrowsAlways_IsAskedEverMoreRarely()
    {
        var source = new FakePowerSource(FakePowerSource.Channel("fake/gpu", PowerQuantity.Power)) { Failure = new IOException("broken") };
        using var monitor = Monitor(source.ToProvider());
        for (var now = 0.0; now < 1000; now += 0.5)
        {
            monitor.Tick(now);
        }

        // After 1, 2, 4 ... 256 and then every 300 s.
        Assert.InRange(source.NumReads, 9, 12);
    }

    [Fact]
    public void Open_Throws_IsTriedAgain()
    {
        var source = new FakePowerSource(FakePowerSource.Channel("fake/gpu", PowerQuantity.Power));
        var numOpened = 0;
        using var monitor = Monitor(new PowerProvider("fake", () => ++numOpened < 3 ? throw new IOException("busy") : PowerOpening.Of(source)));
        monitor.Tick(0);
        Assert.Equal(ChannelFault.Failed, monitor.Fault);
        monitor.Tick(2);
        monitor.Tick(10);
        Assert.Equal(3, numOpened);
        Assert.Equal(ChannelFault.None, monitor.Fault);
        Assert.Equal(1, source.NumReads);
    }

    [Theory]
    [InlineData(0.9, ChannelFault.Stalled)]
    [InlineData(0.0, ChannelFault.None)]
    public void Counter_ThatStandsStill_IsJudgedByTheUtilizationOfItsPart(double utilization, ChannelFault expected)
    {
        var source = new FakePowerSource(
            FakePowerSource.Channel("fake/gpu", PowerQuantity.Energy, load: LoadSignal.Utilization), FakePowerSource.Channel("fake/gpu", PowerQuantity.Utilization));
        using var monitor = Monitor(source.ToProvider());
        for (var now = 0.0; now <= 5; now += 0.5)
        {
            source.Readings[0] = PowerReading.Of(1234, now);
            source.Readings[1] = PowerReading.Of(utilization, now);
            monitor.Tick(now);
        }

        Assert.Equal(expected, State(monitor).Fault);
    }

    [Theory]
    [InlineData(true, ChannelFault.Stalled)]
    [InlineData(false, ChannelFault.None)]
    public void Counter_ThatStandsStill_IsJudgedByTheEngine(bool isComputing, ChannelFault expected)
    {
        var source = new FakePowerSource(FakePowerSource.Channel("fake/cpu", PowerQuantity.Energy, EnergyBoundary.Cpu, LoadSignal.Engine));
        using var monitor = Monitor(source.ToProvider());
        _ledger.RunningSince = () => isComputing ? 0 : double.PositiveInfinity;
        for (var now = 0.0; now <= 5; now += 0.5)
        {
            Tick(monitor, source, now, 1234);
        }

        Assert.Equal(expected, State(monitor).Fault);
    }

    [Fact]
    public void Tick_InSteadyState_AllocatesNothing()
    {
        var source = new FakePowerSource(
            FakePowerSource.Channel("fake/gpu", PowerQuantity.Energy, EnergyBoundary.Gpu, LoadSignal.Utilization), FakePowerSource.Channel("fake/gpu", PowerQuantity.Utilization));
        using var monitor = Monitor(source.ToProvider());
        var now = 0.0;
        for (var i = 0; i < 200; i++, now += 0.5)
        {
            Tick(monitor, source, now, now * 10);
        }

        // The runtime may compile a method anew in the midst of a round, but not in each of them.
        var least = long.MaxValue;
        for (var round = 0; round < 5; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 100; i++, now += 0.5)
            {
                Tick(monitor, source, now, now * 10);
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
    }

    private static void Tick(SourceMonitor monitor, FakePowerSource source, double now, double value)
    {
        source.Readings[0] = PowerReading.Of(value, now);
        monitor.Tick(now);
    }

    private static (double Value, double Joules, ChannelFault Fault) State(SourceMonitor monitor)
    {
        var states = new List<(double, double, ChannelFault)>();
        monitor.Visit((meter, list) => list.Add((meter.Value, meter.Joules, meter.Fault)), states);
        return states[0];
    }

    private SourceMonitor Monitor(PowerProvider provider) => new(provider, _ledger, NullLogger.Instance);
}
