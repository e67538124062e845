using InferenceServer.Server.Machines;

namespace InferenceServer.Server.Tests.Machines;

public sealed class ChipTableTests
{
    [Theory]
    [InlineData("Apple M1", 16, 68.25)]
    [InlineData("Apple M4 Max", 128, 546)]
    [InlineData("Apple M4 Max", 36, 410)]
    [InlineData("Apple M3 Max", 96, 300)]
    [InlineData("Apple M3 Max", 64, 400)]
    [InlineData("Apple M5 Max", 128, 614)]
    [InlineData("Apple M3 Ultra", 512, 819)]
    [InlineData("apple m2 pro", 32, 200)]
    [InlineData("NVIDIA GeForce RTX 4090", 24, 1008)]
    [InlineData("NVIDIA A100-SXM4-80GB", 80, 1935)]
    [InlineData("NVIDIA H100 80GB HBM3", 80, 3350)]
    [InlineData("NVIDIA H100 PCIe", 80, 2000)]
    [InlineData("AMD RYZEN AI MAX+ 395 w/ Radeon 8060S", 128, 256)]
    public void Find_NameThatSystemsGive_IsTheChip(string name, int memory, double bandwidth) =>
        Assert.Equal(bandwidth, ChipTable.Find(name, memory)!.Bandwidth);

    [Theory]
    [InlineData("")]
    [InlineData("AMD EPYC")]
    [InlineData("Apple M44")]
    [InlineData("XM4")]
    [InlineData("M6 Max")]
    [InlineData("NVIDIA GeForce RTX 4090 Laptop GPU")]
    public void Find_UnknownName_IsNothing(string name) => Assert.Null(ChipTable.Find(name, 64));

    [Theory]
    [InlineData("M4 Max 128", "M4 Max, 128 GB", 546)]
    [InlineData("  m4 max   128 GB ", "M4 Max, 128 GB", 546)]
    [InlineData("Apple M2 Ultra, 192GB", "M2 Ultra, 192 GB", 800)]
    [InlineData("M4 16", "M4, 16 GB", 120)]
    [InlineData("RTX 4090 24", "RTX 4090, 24 GB", 1008)]
    public void NamedMachine_ChipAndMemory_IsFound(string text, string name, double bandwidth)
    {
        var machine = NamedMachine.Find(text)!;
        Assert.Equal(name, machine.Name);
        Assert.Equal(bandwidth * 1e9, machine.BytesPerSecond);
        Assert.NotEmpty(machine.Limits);
    }

    [Theory]
    [InlineData("M4 Max")]
    [InlineData("128")]
    [InlineData("M4 Max 0")]
    [InlineData("M4 Max 99999")]
    [InlineData("Z80 64")]
    [InlineData("")]
    public void NamedMachine_AnythingElse_IsNothing(string text) => Assert.Null(NamedMachine.Find(text));

    // As llama.cpp logged them on such machines, within the rounding of the share.
    [Theory]
    [InlineData(16, 12_713_120_000)]
    [InlineData(32, 26_800_600_000)]
    [InlineData(64, 55_662_788_608)]
    [InlineData(128, 115_448_730_000)]
    public void AppleWorkingSet_SizeThatWasSeen_IsWhatMetalSaid(int gigabytes, long bytes) =>
        Assert.InRange(AppleWorkingSet.Bytes(gigabytes) / (double)bytes, 0.9995, 1.0005);
}
