using InferenceServer.Telemetry.Power;
using InferenceServer.Telemetry.Power.Attribution;
using Microsoft.Extensions.Logging.Abstractions;

namespace InferenceServer.Telemetry.Tests.Power;

public sealed class PowerInstrumentsTests : IDisposable
{
    private static readonly PowerChannel Gpu = FakePowerSource.Channel("nvml/GPU-1", PowerQuantity.Energy, EnergyBoundary.Gpu);

    private readonly ManualClock _clock = new();
    private readonly EnergyLedger _ledger = new();
    private readonly TestMeters _meters = new();
    private readonly FakePowerSource _source = new(Gpu, FakePowerSource.Channel("nvml/GPU-1", PowerQuantity.Utilization));
    private PowerSampler? _sampler;

    public void Dispose()
    {
        _sampler?.Dispose();
        _meters.Dispose();
    }

    [Fact]
    public void Machine_WithoutSources_TellsOnlyThatAndWhy()
    {
        Start(new PowerOptions(), new PowerProvider("rapl", () => PowerOpening.Missing(ChannelFault.NotFound, "a virtual machine")));
        var series = _meters.Read();
        Assert.Equal(
            [
                "inference.energy.available{source=cpu,reason=not_found}",
                "inference.energy.available{source=gpu,reason=not_found}",
                "inference.energy.available{source=system,reason=not_found}",
                "inference.power.provider.available{provider=rapl,reason=not_found}",
            ],
            series.Keys.Order(StringComparer.Ordinal));
        Assert.All(series.Values, value => Assert.Equal(0, value));
    }

    [Fact]
    public void Channel_Available_HasItsSeriesUnderTheConventionsNames()
    {
        Start(new PowerOptions());
        Tick(0, 100, 0.5);
        Tick(2, 160, 0.5);
        var series = _meters.Read();
        Assert.Equal(60, series["hw.energy{hw.id=nvml/GPU-1,hw.type=gpu,hw.name=nvml/GPU-1}"]);
        Assert.Equal(30, series["hw.power{hw.id=nvml/GPU-1,hw.type=gpu,hw.name=nvml/GPU-1}"]);
        Assert.Equal(0.5, series["hw.gpu.utilization{hw.id=nvml/GPU-1,hw.type=gpu,hw.name=nvml/GPU-1,hw.gpu.task=general}"]);
        Assert.Equal(1, series["inference.power.channel.available{hw.id=nvml/GPU-1,hw.type=gpu,quantity=energy,reason=none}"]);
        Assert.Equal(1, series["inference.power.provider.available{provider=nvml,reason=none}"]);
    }

    [Fact]
    public void Channel_Lost_HasNoSeriesAndTheReason()
    {
        Start(new PowerOptions());
        Tick(0, 100, 0.5);
        Tick(2, 160, 0.5);
        _meters.Read();
        _source.Readings[0] = PowerReading.Missing(ChannelFault.NotSupported);
        Tick(4);
        var series = _meters.Read();
        Assert.DoesNotContain(series.Keys, key => key.StartsWith("hw.power", StringComparison.Ordinal) || key.StartsWith("hw.energy", StringComparison.Ordinal));
        Assert.Equal(0, series["inference.power.channel.available{hw.id=nvml/GPU-1,hw.type=gpu,quantity=energy,reason=not_supported}"]);
        Assert.DoesNotContain("inference.power.channel.available{hw.id=nvml/GPU-1,hw.type=gpu,quantity=energy,reason=none}", series.Keys);
        Assert.Equal(0, series["inference.energy.available{source=gpu,reason=not_supported}"]);
    }

    [Fact]
    public void Tokens_HaveJoulesAndAPrice()
    {
        Start(new PowerOptions { PricePerKwh = 0.36, Currency = "CHF" });
        Tick(0, 0, 1);
        _ledger.AddStep(0, 2, [new(1, true, 1, 0), new(2, false, 1, 10)]);
        Tick(2, 100, 1);
        Tick(4, 120, 1);
        var series = _meters.Read();
        Assert.Equal(50, series["inference.energy{source=gpu,phase=prefill}"]);
        Assert.Equal(50, series["inference.energy{source=gpu,phase=decode}"]);
        Assert.Equal(20, series["inference.energy{source=gpu,phase=idle}"]);
        Assert.Equal(10, series["inference.energy.per_token{source=gpu}"]);
        Assert.Equal(0.1, series["inference.energy.tokens_per_joule{source=gpu}"]);
        Assert.Equal(1, series["inference.energy.cost_per_million_tokens{source=gpu,currency=CHF}"], 6); // 10 MJ are 2.78 kWh
        Assert.Equal(1, series["inference.energy.available{source=gpu,reason=none}"]);
    }

    [Fact]
    public void Tokens_WithoutAPrice_CostNothingThatIsTold()
    {
        Start(new PowerOptions());
        Tick(0, 0, 1);
        _ledger.AddStep(0, 2, [new(1, false, 1, 10)]);
        Tick(2, 100, 1);
        Tick(4, 120, 1);
        var series = _meters.Read();
        Assert.Equal(10, series["inference.energy.per_token{source=gpu}"]);
        Assert.DoesNotContain(series.Keys, key => key.StartsWith("inference.energy.cost", StringComparison.Ordinal));
    }

    [Fact]
    public void Machine_AsAWhole_HasNamesOfItsOwn()
    {
        var host = new FakePowerSource(FakePowerSource.Channel("smc/system", PowerQuantity.Power, EnergyBoundary.System) with { Type = "host" });
        Start(new PowerOptions(), host.ToProvider("smc"));
        host.Readings[0] = PowerReading.Of(61, 0);
        Tick(0);
        host.Readings[0] = PowerReading.Of(63, 2);
        Tick(2);
        var series = _meters.Read();
        Assert.Equal(63, series["hw.host.power{hw.id=smc/system,hw.type=host,hw.name=smc/system}"]);
        Assert.Equal(124, series["hw.host.energy{hw.id=smc/system,hw.type=host,hw.name=smc/system}"], 4);
        Assert.DoesNotContain(series.Keys, key => key.StartsWith("hw.power", StringComparison.Ordinal));
    }

    private void Start(PowerOptions options, PowerProvider? provider = null)
    {
        _sampler = new PowerSampler([provider ?? _source.ToProvider("nvml")], options, _ledger, _clock, NullLogger<PowerSampler>.Instance);
        _ = new PowerInstruments(_meters, _sampler, _ledger, options, _clock);
        Tick(0);
    }

    private void Tick(double now, double joules, double utilization)
    {
        _source.Readings[0] = PowerReading.Of(joules, now);
        _source.Readings[1] = PowerReading.Of(utilization, now);
        Tick(now);
    }

    private void Tick(double now)
    {
        _clock.Seconds = now;
        _sampler!.Monitors[0].Tick(now);
    }

}
