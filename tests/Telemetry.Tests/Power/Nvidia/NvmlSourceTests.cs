using InferenceServer.Telemetry.Power;
using InferenceServer.Telemetry.Power.Nvidia;

namespace InferenceServer.Telemetry.Tests.Power.Nvidia;

[Collection(SystemLibrariesCollection.Name)]
public sealed class NvmlSourceTests
{
    private readonly NvmlStandIn _standIn;

    public NvmlSourceTests(NvmlStandIn standIn)
    {
        _standIn = standIn;
        if (standIn.Library.WhyMissing is null)
        {
            standIn.Library.Get<NoArguments>("stand_in_reset")();
        }
    }

    private delegate void NoArguments();

    private delegate void OneNumber(uint value);

    private delegate void SetGpu(int gpu, ulong energyMj, uint powerMw, uint utilization, ulong throttle);

    private delegate int GetNumber();

    [SkippableFact]
    public void Gpu_WithACounter_TellsEverything()
    {
        using var source = Open();
        var (id, values) = ("nvml/GPU-0", Read(source, 0));
        Assert.Equal(1000, values[(id, PowerQuantity.Energy, null)].Value);
        Assert.Equal(350, values[(id, PowerQuantity.Power, null)].Value);
        Assert.Equal(0.97, values[(id, PowerQuantity.Utilization, null)].Value);
        Assert.Equal(60e9, values[(id, PowerQuantity.MemoryUsage, null)].Value);
        Assert.Equal(85_520_809_984, values[(id, PowerQuantity.MemoryLimit, null)].Value);
        Assert.Equal(64, values[(id, PowerQuantity.Temperature, null)].Value);
        Assert.Equal(1.98e9, values[(id, PowerQuantity.Frequency, null)].Value);
        Assert.Equal(0, values[(id, PowerQuantity.Throttled, null)].Value);
        Assert.All(values.Where(pair => pair.Key.Id == id), pair => Assert.Equal(ChannelFault.None, pair.Value.Fault));
        Assert.All(source.Channels.Where(channel => channel.Id == id), channel => Assert.Equal("NVIDIA H100 80GB HBM3", channel.Name));
    }

    // The counter and the watts disagree by design of the sensor: each tells its own series only.
    [SkippableFact]
    public void Gpu_WithACounter_CountsJoulesByItAlone()
    {
        using var source = Open();
        var energy = source.Channels.Single(channel => channel is { Id: "nvml/GPU-0", Quantity: PowerQuantity.Energy });
        var power = source.Channels.Single(channel => channel is { Id: "nvml/GPU-0", Quantity: PowerQuantity.Power });
        Assert.Equal((EnergyBoundary.Gpu, true, false), (energy.Boundary, energy.TellsEnergy, energy.TellsPower));
        Assert.Equal((EnergyBoundary.None, false, true), (power.Boundary, power.TellsEnergy, power.TellsPower));
    }

    [SkippableFact]
    public void Gpu_WithoutACounterOrMemory_SaysSoAndUsesWattsAndTheMachinesMemory()
    {
        using var source = Open();
        var (id, values) = ("nvml/GPU-1", Read(source, 0));
        Assert.Equal(ChannelFault.NotSupported, values[(id, PowerQuantity.Energy, null)].Fault);
        Assert.Equal(11, values[(id, PowerQuantity.Power, null)].Value);
        Assert.Equal(128e9, values[(id, PowerQuantity.MemoryLimit, null)].Value);
        Assert.Equal(70e9, values[(id, PowerQuantity.MemoryUsage, null)].Value);
        Assert.Equal(ChannelFault.NotSupported, values[(id, PowerQuantity.ProcessTime, "self")].Fault);
        var power = source.Channels.Single(channel => channel is { Id: "nvml/GPU-1", Quantity: PowerQuantity.Power });
        Assert.Equal((EnergyBoundary.Gpu, true), (power.Boundary, power.TellsEnergy));
    }

    [SkippableTheory]
    [InlineData(0x4, 0)] // the power cap is no heat
    [InlineData(0x1, 0)]
    [InlineData(0x40, 1)]
    [InlineData(0x24, 1)]
    public void Gpu_HeldBackByHeat_SaysSo(ulong reasons, double expected)
    {
        using var source = Open();
        _standIn.Library.Get<SetGpu>("stand_in_set")(0, 0, 0, 0, reasons);
        Assert.Equal(expected, Read(source, 0)[("nvml/GPU-0", PowerQuantity.Throttled, null)].Value);
    }

    [SkippableFact]
    public void Processes_AreThisOneAndTheOthers()
    {
        _standIn.Library.Get<OneNumber>("stand_in_set_self")((uint)Environment.ProcessId);
        _standIn.Library.Get<OneNumber>("stand_in_set_processes")(70); // more than there is space for at first
        using var source = Open();
        Read(source, 0);
        Read(source, 1);
        var values = Read(source, 4);
        Assert.Equal(0.5 * 4, values[("nvml/GPU-0", PowerQuantity.ProcessTime, "self")].Value, 6);
        Assert.Equal(69 * 0.2 * 4, values[("nvml/GPU-0", PowerQuantity.ProcessTime, "other")].Value, 6);
        Assert.Equal(44e9, values[("nvml/GPU-0", PowerQuantity.ProcessMemory, "self")].Value);
        Assert.Equal(69e9, values[("nvml/GPU-0", PowerQuantity.ProcessMemory, "other")].Value);
    }

    [SkippableFact]
    public void Open_WithoutADriver_SaysSo()
    {
        Skip.IfNot(_standIn.Library.WhyMissing is null, _standIn.Library.WhyMissing);
        _standIn.Library.Get<OneNumber>("stand_in_load_driver")(0);
        var opening = NvmlSource.Open(_standIn.Library.Path, () => null);
        Assert.Equal(ChannelFault.NotFound, opening.Fault);
        Assert.Contains("driver", opening.Detail, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void Driver_GoneMeanwhile_FailsTheSource()
    {
        using var source = Open();
        _standIn.Library.Get<NoArguments>("stand_in_unload")();
        var exception = Assert.Throws<NvmlException>(() => Read(source, 0));
        Assert.Equal("NVML: Uninitialized", exception.Message);
    }

    [SkippableFact]
    public void Dispose_EndsWhatOpenBegan()
    {
        var source = Open();
        Assert.Equal(1, _standIn.Library.Get<GetNumber>("stand_in_count")());
        source.Dispose();
        source.Dispose();
        Assert.Equal(0, _standIn.Library.Get<GetNumber>("stand_in_count")());
    }

    private static Dictionary<(string Id, PowerQuantity Quantity, string? Process), PowerReading> Read(IPowerSource source, double now)
    {
        var readings = new PowerReading[source.Channels.Count];
        source.Read(now, readings);
        return source.Channels.Zip(readings).ToDictionary(pair => (pair.First.Id, pair.First.Quantity, pair.First.Process), pair => pair.Second);
    }

    private IPowerSource Open()
    {
        Skip.IfNot(_standIn.Library.WhyMissing is null, _standIn.Library.WhyMissing);
        return NvmlSource.Open(_standIn.Library.Path, () => (70e9, 128e9)).Source!;
    }
}
