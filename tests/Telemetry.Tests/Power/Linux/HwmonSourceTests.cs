using InferenceServer.Telemetry.Power;
using InferenceServer.Telemetry.Power.Linux;
using InferenceServer.Testing;

namespace InferenceServer.Telemetry.Tests.Power.Linux;

public sealed class HwmonSourceTests : IDisposable
{
    private readonly SysfsTree _tree = new();

    public void Dispose() => _tree.Dispose();

    [Fact]
    public void Open_WithoutHwmon_SaysSo()
    {
        var opening = HwmonSource.Open(Path.Combine(_tree.Root, "missing"));
        Assert.Equal(ChannelFault.NotFound, opening.Fault);
        Assert.NotNull(opening.Detail);
    }

    [Fact]
    public void Open_WithNothingButTemperatures_HasNoSource()
    {
        _tree.Write("hwmon0/name", "nvme");
        _tree.Write("hwmon0/temp1_input", 45_850);
        Assert.Equal(ChannelFault.NotFound, HwmonSource.Open(_tree.Root).Fault);
    }

    [Fact]
    public void Gpu_OfAmd_TellsWattsUseMemoryAndHeat()
    {
        _tree.Write("hwmon3/name", "amdgpu");
        _tree.Write("hwmon3/power1_average", 203_000_000);
        _tree.Write("hwmon3/power1_input", 999);
        _tree.Write("hwmon3/temp1_input", 61_000);
        _tree.Write("devices/0000:03:00.0/gpu_busy_percent", 97);
        _tree.Write("devices/0000:03:00.0/mem_info_vram_used", 20_000_000_000);
        _tree.Write("devices/0000:03:00.0/mem_info_vram_total", 25_753_026_560);
        _tree.Link("hwmon3/device", "devices/0000:03:00.0");
        var values = Read();
        Assert.Equal(203, values[("hwmon/amdgpu-0000:03:00.0", PowerQuantity.Power)].Value);
        Assert.Equal(0.97, values[("hwmon/amdgpu-0000:03:00.0", PowerQuantity.Utilization)].Value);
        Assert.Equal(20e9, values[("hwmon/amdgpu-0000:03:00.0", PowerQuantity.MemoryUsage)].Value);
        Assert.Equal(25_753_026_560, values[("hwmon/amdgpu-0000:03:00.0", PowerQuantity.MemoryLimit)].Value);
        Assert.Equal(61, values[("hwmon/amdgpu-0000:03:00.0", PowerQuantity.Temperature)].Value);
        Assert.Equal(EnergyBoundary.Gpu, values[("hwmon/amdgpu-0000:03:00.0", PowerQuantity.Power)].Channel.Boundary);
    }

    [Fact]
    public void Gpu_OfAmdWithoutAverage_TellsTheMoment()
    {
        _tree.Write("hwmon3/name", "amdgpu");
        _tree.Write("hwmon3/power1_input", 15_000_000);
        Assert.Equal(15, Read()[("hwmon/amdgpu-hwmon3", PowerQuantity.Power)].Value);
    }

    [Fact]
    public void Gpu_OfIntel_TellsJoules()
    {
        _tree.Write("hwmon1/name", "xe");
        _tree.Write("hwmon1/energy1_input", 5_500_000);
        _tree.Write("hwmon1/energy2_input", 1);
        var value = Read()[("hwmon/xe-hwmon1", PowerQuantity.Energy)];
        Assert.Equal(5.5, value.Value);
        Assert.Equal(EnergyBoundary.Gpu, value.Channel.Boundary);
    }

    [Fact]
    public void Meter_OfTheServer_IsTheWholeMachine()
    {
        _tree.Write("hwmon0/name", "power_meter");
        _tree.Write("hwmon0/power1_average", 412_000_000);
        var value = Read()[("hwmon/power_meter-hwmon0/power1", PowerQuantity.Power)];
        Assert.Equal(412, value.Value);
        Assert.Equal(EnergyBoundary.System, value.Channel.Boundary);
        Assert.Equal("host", value.Channel.Type);
    }

    [Fact]
    public void Sockets_OfAmd_CountAsProcessorAndCoresDoNot()
    {
        _tree.Write("hwmon0/name", "amd_energy");
        _tree.Write("hwmon0/energy1_input", 7_000_000);
        _tree.Write("hwmon0/energy1_label", "Ecore000");
        _tree.Write("hwmon0/energy2_input", 90_000_000);
        _tree.Write("hwmon0/energy2_label", "Esocket0");
        var only = Assert.Single(Read());
        Assert.Equal(90, only.Value.Value);
        Assert.Equal(EnergyBoundary.Cpu, only.Value.Channel.Boundary);
    }

    [Fact]
    public void Chip_Unknown_IsShownAndCountsForNothing()
    {
        _tree.Write("hwmon5/name", "corsairpsu");
        _tree.Write("hwmon5/power1_input", 350_000_000);
        _tree.Write("hwmon5/power1_label", "power total");
        var only = Assert.Single(Read());
        Assert.Equal("power total", only.Value.Channel.Name);
        Assert.Equal(EnergyBoundary.None, only.Value.Channel.Boundary);
    }

    private Dictionary<(string Id, PowerQuantity Quantity), (double Value, PowerChannel Channel)> Read()
    {
        using var source = HwmonSource.Open(_tree.Root).Source!;
        var readings = new PowerReading[source.Channels.Count];
        source.Read(1, readings);
        Assert.All(readings, reading => Assert.Equal(ChannelFault.None, reading.Fault));
        return source.Channels.Zip(readings).ToDictionary(pair => (pair.First.Id, pair.First.Quantity), pair => (pair.Second.Value, pair.First));
    }
}
