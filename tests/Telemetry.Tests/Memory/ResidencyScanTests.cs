using InferenceServer.Telemetry.Memory;

namespace InferenceServer.Telemetry.Tests.Memory;

public sealed class ResidencyScanTests
{
    private const int PageSize = 4096;

    private int _numCalls;

    [Fact]
    public void Count_OfASmallModel_IsExact()
    {
        // Pages 0 to 99 are there, in two ranges of which the second does not end with a page.
        var scan = Scan(address => address < 100 * PageSize);
        Assert.Equal(100 * PageSize, scan.CountResident([new(0, 300 * PageSize), new(1000 * PageSize, 77 * PageSize)])!.Value, 3);
        Assert.Equal(3, _numCalls);
    }

    [Fact]
    public void Count_OfAHugeModel_IsNearAndCheap()
    {
        // A 40 GB file whose first 30 GB are there.
        const long Size = 40L << 30, There = 30L << 30;
        var scan = Scan(address => address < There);
        for (var look = 0; look < 5; look++)
        {
            _numCalls = 0;
            var resident = scan.CountResident([new(0, Size)])!.Value;
            Assert.InRange(resident, There - (Size * 0.01), There + (Size * 0.01));
            Assert.InRange(_numCalls, 900, ResidencyScan.MaxRuns);
        }
    }

    // A hole smaller than the distance between two runs is found after a while, since every look takes other runs.
    [Fact]
    public void Count_OfAHugeModel_LooksAtEveryRunInTheEnd()
    {
        const long Size = 4L << 30;
        const long Run = (long)ResidencyScan.PagesPerRun * PageSize;
        var scan = Scan(address => address / Run != 777);
        Assert.Contains(Enumerable.Range(0, 4), _ => scan.CountResident([new(0, Size)]) < Size);
    }

    [Fact]
    public void Count_OverSeveralShards_KeepsThemApart()
    {
        const long Shard = 3L << 30;
        var scan = Scan(address => address >= 1L << 40);
        var resident = scan.CountResident([new(0, Shard), new(1L << 40, Shard), new(1L << 41, Shard)])!.Value;
        Assert.InRange(resident, 2 * Shard * 0.99, 2 * Shard * 1.01);
    }

    [Fact]
    public void Count_WithoutRangesOrAnswer_IsNone()
    {
        Assert.Null(Scan(_ => true).CountResident([]));
        Assert.Null(new ResidencyScan(PageSize, (_, _, _) => false).CountResident([new(0, PageSize)]));
    }

    private ResidencyScan Scan(Func<long, bool> isResident) => new(PageSize, (start, length, pages) =>
    {
        _numCalls++;
        Assert.Equal((length + PageSize - 1) / PageSize, pages.Length);
        for (var i = 0; i < pages.Length; i++)
        {
            pages[i] = (byte)(0xFE | (isResident(start + ((long)i * PageSize)) ? 1 : 0));
        }

        return true;
    });
}
