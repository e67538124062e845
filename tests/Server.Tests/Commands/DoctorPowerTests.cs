using InferenceServer.Server.Commands;
using InferenceServer.Telemetry.Power;

namespace InferenceServer.Server.Tests.Commands;

public sealed class DoctorPowerTests
{
    [Fact]
    public void Report_OfAMachineWithoutSources_SaysSoPlainly()
    {
        var report = DoctorPower.Describe([new ProbedProvider("rapl", ChannelFault.NotFound, "/sys/class/powercap does not exist", [])]);
        Assert.Contains("  rapl          not found: /sys/class/powercap does not exist\n", report, StringComparison.Ordinal);
        Assert.Contains("Channels: none.\n", report, StringComparison.Ordinal);
        Assert.Contains("source=gpu     not available: no channel tells it\n", report, StringComparison.Ordinal);
        Assert.Contains("This machine tells us of no watts", report, StringComparison.Ordinal);
    }

    [Fact]
    public void Report_OfAMac_ShowsEveryChannelAndWhatIsMissing()
    {
        var report = DoctorPower.Describe(
        [
            new ProbedProvider("ioreport", ChannelFault.None, null,
            [
                Channel("ioreport/gpu", "gpu", PowerQuantity.Energy, EnergyBoundary.Gpu, 31.5, 32, 0),
                Channel("ioreport/gpu", "gpu", PowerQuantity.Utilization, EnergyBoundary.None, 0.97, 0.5, 0),
                new ProbedChannel(
                    new PowerChannel { Id = "ioreport/cpu", Type = "cpu", Name = "CPU Energy", Quantity = PowerQuantity.Energy, Note = "a note", Parent = "ioreport/all" },
                    [new(double.NaN, ChannelFault.Starting), new(double.NaN, ChannelFault.Stalled), new(double.NaN, ChannelFault.Stalled)]),
            ]),
            new ProbedProvider("smc", ChannelFault.None, "this machine has no key PSTR", []),
        ]);
        var lines = report.Split('\n').Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries))).ToArray();
        Assert.Contains("ioreport/gpu gpu energy 31.50 W 32.00 W 0.00 W", lines);
        Assert.Contains("ioreport/gpu gpu utilization 97 % 50 % 0 %", lines);
        Assert.Contains("ioreport/cpu cpu energy starting stalled stalled part of ioreport/all; a note", lines);
        Assert.Contains("but this machine has no key PSTR\n", report, StringComparison.Ordinal);
        Assert.Contains("source=gpu     from ioreport/gpu\n", report, StringComparison.Ordinal);
        Assert.DoesNotContain("tells us of no watts", report, StringComparison.Ordinal);
    }

    [Fact]
    public void Report_OfABrokenSource_TellsThatJoulesAreMissing()
    {
        var broken = new ProbedChannel(Channel("nvml/GPU-1", "gpu", PowerQuantity.Energy, EnergyBoundary.Gpu).Channel, []);
        var report = DoctorPower.Describe([new ProbedProvider("nvml", ChannelFault.Failed, "NVML: GPU is lost", [broken])]);
        Assert.Contains("failed: NVML: GPU is lost\n", report, StringComparison.Ordinal);
        Assert.Contains("source=gpu     not available: nvml/GPU-1 is failed\n", report, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Command_OnThisMachine_PrintsAReport()
    {
        using var output = new StringWriter();
        await DoctorPower.RunAsync(output, CancellationToken.None);
        Assert.Contains("Joules per token", output.ToString(), StringComparison.Ordinal);
    }

    private static ProbedChannel Channel(string id, string type, PowerQuantity quantity, EnergyBoundary boundary, params double[] values) => new(
        new PowerChannel { Id = id, Type = type, Name = id, Quantity = quantity, Boundary = boundary }, [.. values.Select(value => new ProbedSample(value, ChannelFault.None))]);
}
