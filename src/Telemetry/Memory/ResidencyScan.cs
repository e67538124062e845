namespace InferenceServer.Telemetry.Memory;

/// <summary>
/// How much of some address ranges is in memory. Up to a gigabyte of pages of 4 KB is looked at whole; of more, runs of 256 pages spread
/// evenly, other ones each time, so that a look at 40 GB costs some milliseconds and is right within a percent. One thread at a time.
/// </summary>
/// <param name="pageSize">In bytes.</param>
/// <param name="look">Writes a byte for each page of a range, whose lowest bit says whether it is in memory; false if it cannot.</param>
internal sealed class ResidencyScan(int pageSize, ResidencyScan.LookAtPages look)
{
    /// <summary>Pages looked at in one call.</summary>
    public const int PagesPerRun = 256;

    /// <summary>Runs of one scan at most.</summary>
    public const int MaxRuns = 1024;

    private readonly byte[] _pages = new byte[PagesPerRun];
    private long _round;

    /// <summary>As <c>mincore</c>.</summary>
    internal delegate bool LookAtPages(nint start, long length, Span<byte> pages);

    /// <summary>Bytes in memory, of all the ranges' bytes; null if a range could not be looked at.</summary>
    public double? CountResident(IReadOnlyList<AddressRange> ranges)
    {
        var runBytes = (long)PagesPerRun * pageSize;
        var numRuns = ranges.Sum(range => CountRuns(range, runBytes));
        if (numRuns == 0)
        {
            return null;
        }

        // Every stride-th run, beginning with another one each time.
        var stride = (numRuns + MaxRuns - 1) / MaxRuns;
        var next = _round++ % stride;
        double resident = 0, seen = 0;
        var first = 0L;
        foreach (var range in ranges)
        {
            var count = CountRuns(range, runBytes);
            for (; next < first + count; next += stride)
            {
                var offset = (next - first) * runBytes;
                var length = Math.Min(runBytes, range.Length - offset);
                var pages = _pages.AsSpan(0, (int)((length + pageSize - 1) / pageSize));
                if (!look((nint)(range.Start + offset), length, pages))
                {
                    return null;
                }

                foreach (var page in pages)
                {
                    resident += page & 1;
                }

                seen += pages.Length;
            }

            first += count;
        }

        return resident / seen * ranges.Sum(range => range.Length);
    }

    private static long CountRuns(AddressRange range, long runBytes) => (range.Length + runBytes - 1) / runBytes;
}
