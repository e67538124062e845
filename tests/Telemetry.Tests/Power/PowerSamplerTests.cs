using InferenceServer.Telemetry.Power;
using InferenceServer.Telemetry.Power.Attribution;
using Microsoft.Extensions.Logging.Abstractions;

namespace InferenceServer.Telemetry.Tests.Power;

public sealed class PowerSamplerTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Source_Hangs_OthersAreReadAndNothingWaits()
    {
        using var release = new ManualResetEventSlim();
        var isHanging = 0;
        var hangs = new FakePowerSource(FakePowerSource.Channel("hangs/a", PowerQuantity.Power));
        hangs.OnRead = () =>
        {
            if (hangs.NumReads == 2)
            {
                Interlocked.Increment(ref isHanging);
                release.Wait();
            }
        };
        var works = new FakePowerSource(FakePowerSource.Channel("works/a", PowerQuantity.Power));
        var sampler = Sampler(hangs.ToProvider("hangs"), works.ToProvider("works"));
        await sampler.StartAsync();
        try
        {
            await UntilAsync(() => Volatile.Read(ref isHanging) == 1 && works.NumReads >= 4);
            Assert.Equal(2, hangs.NumReads);
            sampler.Dispose();
            Assert.Equal(0, hangs.NumDisposed); // not under the reader's feet
        }
        finally
        {
            release.Set();
        }

        await UntilAsync(() => hangs.NumDisposed == 1 && works.NumDisposed == 1);
    }

    [Fact]
    public async Task Sources_OfOneBoundary_TheFirstHasIt()
    {
        var ledger = new EnergyLedger();
        var first = FakePowerSource.Channel("first/gpu", PowerQuantity.Energy, EnergyBoundary.Gpu);
        var second = FakePowerSource.Channel("second/gpu", PowerQuantity.Energy, EnergyBoundary.Gpu);
        using var sampler = new PowerSampler(
            [new FakePowerSource(first).ToProvider("first"), new FakePowerSource(second).ToProvider("second")],
            new PowerOptions(),
            ledger,
            TimeProvider.System,
            NullLogger<PowerSampler>.Instance);
        await sampler.StartAsync();
        Assert.True(ledger.Counts(first));
        Assert.False(ledger.Counts(second));
    }

    [Fact]
    public void ForThisSystem_WhenDisabled_HasNoProviders() =>
        Assert.Empty(PowerProviders.ForThisSystem(new PowerOptions { Enabled = false }, TimeProvider.System));

    private static PowerSampler Sampler(params PowerProvider[] providers) =>
        new(providers, new PowerOptions { IntervalMs = 100 }, new EnergyLedger(), TimeProvider.System, NullLogger<PowerSampler>.Instance);

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!condition())
        {
            await Task.Delay(10, patience.Token);
        }
    }
}
