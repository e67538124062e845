using InferenceServer.Inference.Cache;
using InferenceServer.Inference.Native;

namespace InferenceServer.Inference.Tests.Cache;

public sealed class MemoryShedTests
{
    private const long Gib = 1L << 30;

    [Fact]
    public void Observe_MachineRunsShort_GivesUpWhatIsMissingAndComesBackBitByBit()
    {
        var shed = new MemoryShed(16 * Gib);

        Assert.False(shed.Observe(10 * Gib, available: 0.3, 100 * Gib));
        Assert.False(shed.Observe(10 * Gib, available: 0.08, 100 * Gib));
        Assert.True(shed.Observe(10 * Gib, available: 0.04, 100 * Gib));
        Assert.InRange(shed.Room, 3.9 * Gib, 4.1 * Gib);
        Assert.False(shed.Observe(4 * Gib, available: 0.12, 100 * Gib));
        Assert.True(shed.Observe(4 * Gib, available: 0.2, 100 * Gib));
        Assert.InRange(shed.Room, 4.9 * Gib, 5.1 * Gib);
        for (var i = 0; i < 20; i++)
        {
            shed.Observe(4 * Gib, available: 0.2, 100 * Gib);
        }

        Assert.Equal(16 * Gib, shed.Room);
    }

    [Fact]
    public void Observe_OthersTakeEverything_LeavesNothing()
    {
        var shed = new MemoryShed(16 * Gib);

        shed.Observe(2 * Gib, available: 0.01, 100 * Gib);

        Assert.Equal(0, shed.Room);
    }

    [Fact]
    public void Limit_LessThanIsStored_DropsWhatIsWorthLeast()
    {
        var store = new PrefixStore("f", 1 << 20);
        for (var i = 0; i < 10; i++)
        {
            store.Index.Add(new SavedSpan(PrefixName.Root("f", $"{i}"), 0, [i], new byte[100]), length: 100 + i);
        }

        store.Index.Limit(250);
        Assert.Equal(200, store.Index.NumBytes);
        Assert.NotNull(store.Index.FindLongest(PrefixName.Root("f", "9"), [9], out _));
        store.Index.Add(new SavedSpan(PrefixName.Root("f", "10"), 0, [10], new byte[100]), length: 100);
        Assert.True(store.Index.NumBytes <= 250);
    }

    [Fact]
    public void AvailableShare_ThisMachine_IsAShare()
    {
        if (OperatingSystem.IsLinux() || OperatingSystem.IsMacOS())
        {
            Assert.InRange(HostMemory.AvailableShare()!.Value, 0.0001, 1);
        }
    }
}
