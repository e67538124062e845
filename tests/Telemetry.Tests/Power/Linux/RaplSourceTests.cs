using InferenceServer.Telemetry.Power;
using InferenceServer.Telemetry.Power.Linux;
using InferenceServer.Testing;

namespace InferenceServer.Telemetry.Tests.Power.Linux;

public sealed class RaplSourceTests : IDisposable
{
    private const long Range = 262_143_328_850;

    private readonly SysfsTree _tree = new();

    public void Dispose() => _tree.Dispose();

    [Fact]
    public void Open_WithoutPowercap_SaysSo()
    {
        var opening = RaplSource.Open(Path.Combine(_tree.Root, "missing"));
        Assert.Null(opening.Source);
        Assert.Equal(ChannelFault.NotFound, opening.Fault);
        Assert.Contains("virtual machine", opening.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_WithAnEmptyPowercap_SaysThatItMayBeHidden()
    {
        var opening = RaplSource.Open(_tree.Root);
        Assert.Equal(ChannelFault.NotFound, opening.Fault);
        Assert.Contains("container", opening.Detail, StringComparison.Ordinal);
    }

    // A server with two sockets whose zones were registered the other way round, with hexadecimal numbers, a platform zone and the tree of MMIO beside it.
    [Fact]
    public void Open_FindsZonesByName_EachOnce()
    {
        Zone("intel-rapl:0", "package-1");
        Zone("intel-rapl:0:0", "dram");
        Zone("intel-rapl:1", "package-0");
        Zone("intel-rapl:1:0", "core");
        Zone("intel-rapl:1:1", "dram");
        Zone("intel-rapl:a", "psys");
        Zone("intel-rapl-mmio:0", "package-0");
        Directory.CreateDirectory(Path.Combine(_tree.Root, "intel-rapl"));
        _tree.Write("intel-rapl/enabled", 1);
        using var source = RaplSource.Open(_tree.Root, isAmd: false).Source!;
        Assert.Equal(
            ["rapl/package-0", "rapl/package-0/core", "rapl/package-0/dram", "rapl/package-1", "rapl/package-1/dram", "rapl/psys"],
            source.Channels.Select(channel => channel.Id).Order(StringComparer.Ordinal));
        Assert.Equal(
            ["rapl/package-0", "rapl/package-1"],
            source.Channels.Where(channel => channel.Boundary == EnergyBoundary.Cpu).Select(channel => channel.Id).Order(StringComparer.Ordinal));
        Assert.Equal("rapl/package-0", Channel(source, "rapl/package-0/core").Parent);
        Assert.Null(Channel(source, "rapl/package-0/dram").Parent);
        Assert.Equal("memory", Channel(source, "rapl/package-0/dram").Type);
        Assert.Equal("platform", Channel(source, "rapl/psys").Type);
    }

    [Fact]
    public void Read_CountsJoules_AcrossTheEnd()
    {
        Zone("intel-rapl:0", "package-0", Range - 1_000_000);
        using var source = RaplSource.Open(_tree.Root, isAmd: false).Source!;
        var before = Read(source, 10);
        _tree.Write("intel-rapl:0/energy_uj", 44_000_000);
        var after = Read(source, 11);
        Assert.Equal(10, before.PublishedAt);
        Assert.Equal(45, after.Value - before.Value, 6);
    }

    [Fact]
    public void Open_OnAmd_LeavesOutTheOneCore()
    {
        Zone("intel-rapl:0", "package-0");
        Zone("intel-rapl:0:0", "core");
        using var source = RaplSource.Open(_tree.Root, isAmd: true).Source!;
        Assert.Equal(["rapl/package-0"], source.Channels.Select(channel => channel.Id));
    }

    [Theory]
    [InlineData("processor\t: 0\nvendor_id\t: AuthenticAMD\n", true)]
    [InlineData("vendor_id\t: GenuineIntel\n", false)]
    [InlineData(null, false)]
    public void IsAmd_ReadsTheProcessorsList(string? text, bool expected) => Assert.Equal(expected, RaplSource.IsAmd(text));

    [Fact]
    public void Open_WithoutPermission_KeepsTheChannelsAndSaysWhatHelps()
    {
        // A folder refuses to be opened as a file refuses without permission, also to root.
        _tree.Write("intel-rapl:0/name", "package-0");
        Directory.CreateDirectory(Path.Combine(_tree.Root, "intel-rapl:0/energy_uj"));
        var opening = RaplSource.Open(_tree.Root, isAmd: false);
        using var source = opening.Source!;
        Assert.Equal(ChannelFault.Permission, Read(source, 0).Fault);
        Assert.Contains("chmod", opening.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_OfACounterThatIsMissing_IsNotFound()
    {
        _tree.Write("intel-rapl:0/name", "package-0");
        using var source = RaplSource.Open(_tree.Root, isAmd: false).Source!;
        Assert.Equal(ChannelFault.NotFound, Read(source, 0).Fault);
    }

    [Theory]
    [InlineData("")]
    [InlineData("garbage")]
    public void Read_OfNonsense_IsNotSupported(string text)
    {
        Zone("intel-rapl:0", "package-0");
        _tree.Write("intel-rapl:0/energy_uj", text);
        using var source = RaplSource.Open(_tree.Root, isAmd: false).Source!;
        Assert.Equal(ChannelFault.NotSupported, Read(source, 0).Fault);
    }

    [Fact]
    public void Read_Again_AllocatesNothing()
    {
        Zone("intel-rapl:0", "package-0", 5);
        using var source = RaplSource.Open(_tree.Root, isAmd: false).Source!;
        var readings = new PowerReading[source.Channels.Count];
        source.Read(0, readings);
        source.Read(1, readings);
        var before = GC.GetAllocatedBytesForCurrentThread();
        source.Read(2, readings);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static PowerChannel Channel(IPowerSource source, string id) => source.Channels.Single(channel => channel.Id == id);

    private static PowerReading Read(IPowerSource source, double now)
    {
        var readings = new PowerReading[source.Channels.Count];
        source.Read(now, readings);
        return readings[0];
    }

    private void Zone(string folder, string name, long microjoules = 0)
    {
        _tree.Write($"{folder}/name", name);
        _tree.Write($"{folder}/energy_uj", microjoules);
        _tree.Write($"{folder}/max_energy_range_uj", Range);
    }
}
