using InferenceServer.Telemetry.Power;

namespace InferenceServer.Telemetry.Tests.Power;

public sealed class PowerProbeTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(60);

    [Fact]
    public async Task Run_TakesTheSamplesOfEveryChannel()
    {
        var source = new FakePowerSource(FakePowerSource.Channel("fake/gpu", PowerQuantity.Power), FakePowerSource.Channel("fake/gpu", PowerQuantity.Utilization));
        source.OnRead = () =>
        {
            source.Readings[0] = PowerReading.Of(source.NumReads * 10, TimeProvider.System.GetSeconds());
            source.Readings[1] = PowerReading.Missing(ChannelFault.NotSupported);
        };
        var provider = Assert.Single(await RunAsync(source.ToProvider()));
        Assert.Equal(ChannelFault.None, provider.Fault);
        Assert.Equal([20.0, 30.0, 40.0], provider.Channels[0].Samples.Select(sample => sample.Value));
        Assert.Equal(Enumerable.Repeat(ChannelFault.NotSupported, 3), provider.Channels[1].Samples.Select(sample => sample.Fault));
        Assert.Equal(1, source.NumDisposed);
    }

    [Fact]
    public async Task Run_OverProvidersThatFail_TellsOfEach()
    {
        var breaks = new FakePowerSource(FakePowerSource.Channel("breaks/gpu", PowerQuantity.Power)) { Failure = new IOException("the device is gone") };
        var found = await RunAsync(
            new PowerProvider("throws", () => throw new InvalidOperationException("no such driver")),
            new PowerProvider("absent", () => PowerOpening.Missing(ChannelFault.NotFound, "there is none")),
            breaks.ToProvider("breaks"));
        Assert.Equal(
            [("throws", ChannelFault.Failed, "no such driver"), ("absent", ChannelFault.NotFound, "there is none"), ("breaks", ChannelFault.Failed, "the device is gone")],
            found.Select(provider => (provider.Name, provider.Fault, provider.Detail)));
        Assert.Empty(found[2].Channels[0].Samples);
    }

    private static Task<IReadOnlyList<ProbedProvider>> RunAsync(params PowerProvider[] providers) =>
        PowerProbe.RunAsync(providers, 3, Interval, TimeProvider.System, CancellationToken.None);
}
