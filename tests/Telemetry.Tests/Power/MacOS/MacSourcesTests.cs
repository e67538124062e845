using InferenceServer.Telemetry.Power;
using InferenceServer.Telemetry.Power.MacOS;

namespace InferenceServer.Telemetry.Tests.Power.MacOS;

/// <summary>The macOS sources against a stand-in for the system's libraries: what is read, and that everything taken is given back.</summary>
[Collection(SystemLibrariesCollection.Name)]
public sealed class MacSourcesTests
{
    private const ulong TicksPerSecond = 24_000_000;

    private readonly MacStandIn _standIn;

    public MacSourcesTests(MacStandIn standIn)
    {
        _standIn = standIn;
        if (standIn.Library.WhyMissing is null)
        {
            Set<SetNumber>("stand_in_refuse_pmp")(0);
            Set<SetNumber>("stand_in_reverse_samples")(0);
            Set<SetNumber>("stand_in_keep_smc_keys")(1);
            Set<SetNumber>("stand_in_set_self")(Environment.ProcessId);
        }
    }

    private delegate void SetNumber(int value);

    private delegate void SetFloat(float value);

    private delegate void SetUnsigned(ulong value);

    private delegate void SetGpuTime(int client, long nanoseconds);

    private delegate void SetChannel([System.Runtime.InteropServices.MarshalAs(System.Runtime.InteropServices.UnmanagedType.LPUTF8Str)] string name, long value, ulong timestamp);

    private delegate void SetResidency([System.Runtime.InteropServices.MarshalAs(System.Runtime.InteropServices.UnmanagedType.LPUTF8Str)] string name, int state, long ticks);

    private delegate long GetCount();

    [SkippableFact]
    public void IOReport_OnAnUltra_HasTheChannelsThatCountAndNoOthers()
    {
        using var source = Open(IOReportSource.Open);
        Assert.Equal(
            [
                "ioreport/ane Utilization",
                "ioreport/ane-0_0 Energy",
                "ioreport/ane-0_1 Energy",
                "ioreport/cpu-0 Energy",
                "ioreport/cpu-1 Energy",
                "ioreport/dram-0_0 Energy",
                "ioreport/gpu Energy",
                "ioreport/gpu Frequency",
                "ioreport/gpu Utilization",
                "ioreport/gpu-sram-0_0 Energy",
            ],
            source.Channels.Select(channel => $"{channel.Id} {channel.Quantity}").Order(StringComparer.Ordinal));
        Assert.Equal(["ioreport/gpu"], source.Channels.Where(channel => channel.Boundary != EnergyBoundary.None).Select(channel => channel.Id));
        Assert.Equal("ioreport/gpu", source.Channels.Single(channel => channel.Id == "ioreport/gpu-sram-0_0").Parent);
    }

    [SkippableTheory]
    [InlineData(0)]
    [InlineData(1)] // nobody promises the order of a sample
    public void IOReport_Energy_CarriesTheTimeOfItsPublication(int reversed)
    {
        using var source = Open(IOReportSource.Open);
        Set<SetNumber>("stand_in_reverse_samples")(reversed);
        Set<SetUnsigned>("stand_in_set_ticks")(100 * TicksPerSecond);
        Set<SetChannel>("stand_in_set_channel")("DIE_0_CPU Energy", 12_345, 98 * TicksPerSecond);
        Set<SetChannel>("stand_in_set_channel")("GPU Energy", 5_000_000_000, 100 * TicksPerSecond);
        Set<SetChannel>("stand_in_set_channel")("ANE0_0", 7, 0);
        var values = Read(source, now: 500);
        Assert.Equal(12.345, values["ioreport/cpu-0 Energy"].Value, 9);
        Assert.Equal(498, values["ioreport/cpu-0 Energy"].PublishedAt, 6);
        Assert.Equal(5, values["ioreport/gpu Energy"].Value, 9);
        Assert.Equal(500, values["ioreport/gpu Energy"].PublishedAt, 6);
        Assert.Equal(500, values["ioreport/ane-0_0 Energy"].PublishedAt); // a driver that tells no time
    }

    [SkippableFact]
    public void IOReport_GpuStates_TellUseAndFrequency()
    {
        using var source = Open(IOReportSource.Open);
        SetGpuStates(1000, 100, 0, 0);
        Assert.Equal(ChannelFault.Starting, Read(source, 0)["ioreport/gpu Utilization"].Fault);
        SetGpuStates(1400, 100, 150, 450);
        var values = Read(source, 1);
        Assert.Equal(0.6, values["ioreport/gpu Utilization"].Value, 9);
        Assert.Equal(((720e6 * 150) + (1296e6 * 450)) / 600, values["ioreport/gpu Frequency"].Value, 3);
        SetGpuStates(2400, 100, 150, 450);
        values = Read(source, 2);
        Assert.Equal(0, values["ioreport/gpu Utilization"].Value);
        Assert.Equal(ChannelFault.Idle, values["ioreport/gpu Frequency"].Fault);
    }

    [SkippableFact]
    public void IOReport_AneFloors_TellTheTimeAboveTheLeast()
    {
        using var source = Open(IOReportSource.Open);
        Read(source, 0);
        Set<SetResidency>("stand_in_set_residency")("ANE-AF-BW", 0, 75);
        Set<SetResidency>("stand_in_set_residency")("ANE-AF-BW", 2, 25);
        Set<SetResidency>("stand_in_set_residency")("ANE-DCS-BW", 0, 100);
        Assert.Equal(0.25, Read(source, 1)["ioreport/ane Utilization"].Value, 9);
    }

    [SkippableFact]
    public void IOReport_WithoutAGroup_HasTheOthers()
    {
        Skip.IfNot(_standIn.Library.WhyMissing is null, _standIn.Library.WhyMissing);
        Set<SetNumber>("stand_in_refuse_pmp")(1);
        using var source = Open(IOReportSource.Open);
        Assert.DoesNotContain(source.Channels, channel => channel.Id == "ioreport/ane");
        Assert.Contains(source.Channels, channel => channel.Id == "ioreport/gpu");
    }

    [SkippableFact]
    public void Smc_TellsTheWholeMachinesWatts()
    {
        using var source = Open(SmcSource.Open);
        Set<SetFloat>("stand_in_set_pstr")(61.5f);
        var reading = Read(source, 3)["smc/system Power"];
        Assert.Equal(61.5, reading.Value);
        Assert.Equal(EnergyBoundary.System, Assert.Single(source.Channels).Boundary);
    }

    [SkippableFact]
    public void Smc_ThatSaysZero_IsNotBelieved()
    {
        using var source = Open(SmcSource.Open);
        Set<SetFloat>("stand_in_set_pstr")(0);
        Assert.Equal(ChannelFault.NotSupported, Read(source, 0)["smc/system Power"].Fault);
    }

    [SkippableFact]
    public void Smc_OnAnOlderSystem_TakesTheFirstEntry()
    {
        Skip.IfNot(_standIn.Library.WhyMissing is null, _standIn.Library.WhyMissing);
        Set<SetNumber>("stand_in_keep_smc_keys")(0);
        Set<SetFloat>("stand_in_set_pstr")(7.25f);
        using var source = Open(SmcSource.Open);
        Assert.Equal(7.25, Read(source, 0)["smc/system Power"].Value);
    }

    [SkippableTheory]
    [InlineData(0, 0, 0)]
    [InlineData(1, 1, 0)]
    [InlineData(2, 2, 1)]
    [InlineData(4, 4, 1)]
    public void Thermal_TellsTheLevel(ulong level, double pressure, double throttled)
    {
        using var source = Open(ThermalSource.Open);
        Set<SetUnsigned>("stand_in_set_thermal")(level);
        var values = Read(source, 0);
        Assert.Equal(pressure, values["thermal/system ThermalPressure"].Value);
        Assert.Equal(throttled, values["thermal/system Throttled"].Value);
    }

    [SkippableFact]
    public void Thermal_WithAnUnknownLevel_IsNotAvailable()
    {
        using var source = Open(ThermalSource.Open);
        Set<SetUnsigned>("stand_in_set_thermal")(30);
        Assert.Equal(ChannelFault.NotSupported, Read(source, 0)["thermal/system ThermalPressure"].Fault);
    }

    [SkippableFact]
    public void Accelerator_TellsMemoryAndTheTimeOfProcesses()
    {
        using var source = Open(AcceleratorSource.Open);
        var setTime = Set<SetGpuTime>("stand_in_set_gpu_time");
        setTime(0, 10_000_000_000);
        setTime(1, 4_000_000_000);
        Assert.Equal(45e9, Read(source, 0)["accelerator/gpu MemoryUsage"].Value);
        setTime(0, 12_000_000_000);
        setTime(1, 4_500_000_000);
        setTime(2, 1_000_000_000);
        var values = Read(source, 2);
        Assert.Equal(2, values["accelerator/gpu ProcessTime self"].Value, 9);
        Assert.Equal(1.5, values["accelerator/gpu ProcessTime other"].Value, 9);
    }

    [SkippableFact]
    public void Powermetrics_NotAskedFor_IsNotStarted()
    {
        Skip.If(OperatingSystem.IsMacOS(), "Here it might be there.");
        Assert.Equal(ChannelFault.NotFound, PowermetricsSource.Open(isEnabled: true, TimeProvider.System).Fault);
    }

    [SkippableFact]
    public void Sources_GiveBackAllThatTheyTook()
    {
        Skip.IfNot(_standIn.Library.WhyMissing is null, _standIn.Library.WhyMissing);
        var (objects, ports) = (Set<GetCount>("stand_in_objects"), Set<GetCount>("stand_in_ports"));
        var before = (objects(), ports());
        foreach (var open in new Func<PowerOpening>[] { IOReportSource.Open, SmcSource.Open, ThermalSource.Open, AcceleratorSource.Open })
        {
            using (var source = Open(open))
            {
                Read(source, 0);
                var held = (objects(), ports());
                Read(source, 1);
                Read(source, 2);
                Assert.Equal(held, (objects(), ports()));
            }

            Assert.Equal(before, (objects(), ports()));
        }
    }

    private static Dictionary<string, PowerReading> Read(IPowerSource source, double now)
    {
        var readings = new PowerReading[source.Channels.Count];
        source.Read(now, readings);
        return source.Channels.Zip(readings).ToDictionary(
            pair => $"{pair.First.Id} {pair.First.Quantity}{(pair.First.Process is { } process ? " " + process : "")}", pair => pair.Second);
    }

    private IPowerSource Open(Func<PowerOpening> open)
    {
        Skip.IfNot(_standIn.Library.WhyMissing is null, _standIn.Library.WhyMissing);
        var opening = open();
        Assert.True(opening.Source is not null, opening.Detail);
        return opening.Source;
    }

    private void SetGpuStates(params long[] ticks)
    {
        for (var state = 0; state < ticks.Length; state++)
        {
            Set<SetResidency>("stand_in_set_residency")("GPUPH", state, ticks[state]);
        }
    }

    private T Set<T>(string name)
        where T : Delegate => _standIn.Library.Get<T>(name);
}
