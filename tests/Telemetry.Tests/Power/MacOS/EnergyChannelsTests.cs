using InferenceServer.Telemetry.Power;
using InferenceServer.Telemetry.Power.MacOS;

namespace InferenceServer.Telemetry.Tests.Power.MacOS;

public sealed class EnergyChannelsTests
{
    // By generation, with what must not be added to it.
    [Theory]
    [InlineData("M1", "CPU Energy,GPU Energy,GPU SRAM,ANE", "CPU Energy,GPU Energy,GPU SRAM,ANE")]
    [InlineData("M3 Max", "CPU Energy,EACC_CPU,PACC0_CPU,PACC1_CPU,ECPU0,GPU Energy,GPU SRAM0,ANE0,DRAM0,DCS0,AMCC0,AMCC1,ISP", "CPU Energy,GPU Energy,GPU SRAM0,ANE0,DRAM0")]
    [InlineData(
        "M1 Ultra",
        "DIE_0_CPU Energy,DIE_1_CPU Energy,DIE_0_EACC_CPU0,GPU Energy,GPU SRAM0_0,GPU SRAM0_1,ANE0_0,ANE0_1,DRAM0_0,DRAM0_1,AMCC0_0",
        "DIE_0_CPU Energy,DIE_1_CPU Energy,GPU Energy,GPU SRAM0_0,GPU SRAM0_1,ANE0_0,ANE0_1,DRAM0_0,DRAM0_1")]
    [InlineData("Ultra with a total", "CPU Energy,DIE_0_CPU Energy,DIE_1_CPU Energy", "CPU Energy")]
    [InlineData("GPU in parts", "GPU0_0,GPU0_1,GPU SRAM0_0", "GPU0_0,GPU0_1,GPU SRAM0_0")]
    [InlineData("GPU with parts", "GPU Energy,GPU0_0,GPU0_1", "GPU Energy")]
    [InlineData("M5", "CPU Energy,MCPU0,MCPU1,PCPU,GPU Energy,GPU CS,GPU SLC,ANECPU,DRAMX,GPU Energy Extra", "CPU Energy,GPU Energy")]
    public void Channels_OfAGeneration_AreTheRootsOnly(string generation, string names, string expected)
    {
        var all = names.Split(',');
        Assert.Equal(expected.Split(','), all.Where(name => EnergyChannels.Describe(name, all) is not null));
        Assert.NotEmpty(generation);
    }

    [Fact]
    public void Gpu_CountsForItsBoundary_AndNothingElseDoes()
    {
        string[] names = ["CPU Energy", "GPU Energy", "GPU SRAM0", "ANE0", "DRAM0"];
        Assert.Equal(["GPU Energy"], names.Where(name => EnergyChannels.Describe(name, names)!.Boundary != EnergyBoundary.None));
        Assert.Equal("ioreport/gpu", EnergyChannels.Describe("GPU SRAM0", names)!.Parent);
    }

    [Fact]
    public void Ids_AreDifferent()
    {
        string[] names = ["DIE_0_CPU Energy", "DIE_1_CPU Energy", "GPU Energy", "GPU SRAM0_0", "GPU SRAM0_1", "ANE0_0", "ANE0_1", "DRAM0_0", "DRAM0_1"];
        var ids = names.Select(name => EnergyChannels.Describe(name, names)!.Id).ToArray();
        Assert.Equal(ids, ids.Distinct());
    }

    [Theory]
    [InlineData("mJ", 1e-3)]
    [InlineData(" nJ", 1e-9)]
    [InlineData("uJ", 1e-6)]
    [InlineData("µJ", 1e-6)]
    [InlineData("24Mticks", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void Units_Unknown_AreNoUnits(string? unit, double? joules) => Assert.Equal(joules, EnergyChannels.JoulesPer(unit));
}
