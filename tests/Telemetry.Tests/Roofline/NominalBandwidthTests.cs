using InferenceServer.Telemetry.Roofline;

namespace InferenceServer.Telemetry.Tests.Roofline;

public sealed class NominalBandwidthTests
{
    [Theory]
    [InlineData("Apple M1", 8, null, 68.25)]
    [InlineData("Apple M2 Ultra", 24, null, 800)]
    [InlineData("Apple M3 Ultra", 32, 80, 819)]
    [InlineData("Apple M4 Pro", 14, 20, 273)]
    [InlineData("Apple M3 Max", 14, null, 300)]
    [InlineData("Apple M3 Max", 16, null, 400)]
    [InlineData("Apple M4 Max", 14, 32, 410)]
    [InlineData("Apple M4 Max", 16, 40, 546)]
    [InlineData("Apple M4 Max", 16, null, 546)]
    [InlineData("Apple M5 Max", 18, 32, 460)]
    [InlineData("Apple M5 Max", 18, 40, 614)]
    public void Find_KnownChip_IsTheTables(string name, int cpuCores, int? gpuCores, double gigabytes) =>
        Assert.Equal(new NominalBandwidth(gigabytes * 1e9, "table"), NominalBandwidth.Find(null, new MachineChip(name, cpuCores, gpuCores)));

    [Theory]
    [InlineData("Apple M5 Max", 18, null, "ambiguous_chip")]
    [InlineData("Apple M4 Max", null, null, "ambiguous_chip")]
    [InlineData("Apple M5 Ultra", 36, 80, "unknown_chip")]
    [InlineData("Apple M9", 8, 8, "unknown_chip")]
    public void Find_DoubtfulChip_IsUnknownAndSaysWhy(string name, int? cpuCores, int? gpuCores, string reason) =>
        Assert.Equal(new NominalBandwidth(null, reason), NominalBandwidth.Find(null, new MachineChip(name, cpuCores, gpuCores)));

    [Fact]
    public void Find_NoMac_IsUnknownUnlessConfigured()
    {
        Assert.Equal(new NominalBandwidth(null, "unknown_machine"), NominalBandwidth.Find(null, chip: null));
        Assert.Equal(new NominalBandwidth(51.2e9, "configured"), NominalBandwidth.Find(51.2, chip: null));
        Assert.Equal(new NominalBandwidth(100e9, "configured"), NominalBandwidth.Find(100, new MachineChip("Apple M1", 8, 8)));
    }
}
