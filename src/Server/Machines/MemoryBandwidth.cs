using System.Diagnostics;
using System.Numerics;
using System.Runtime.InteropServices;

namespace InferenceServer.Server.Machines;

/// <summary>Measures how fast this machine's processor reads memory, for machines that are not in the table.</summary>
internal static class MemoryBandwidth
{
    // Beyond all caches, in portions that all cores can share evenly, but a quarter at most of what a small container allows; three rounds, of which the
    // fastest counts: half a second on two cores.
    private const int PortionBytes = 16 << 20;
    private const int MaxPortions = 32;
    private const int MinPortions = 2;
    private const int NumRounds = 3;

    /// <summary>Bytes per second that all cores together read. Takes the whole machine for less than a second.</summary>
    public static double Measure()
    {
        var count = (int)Math.Clamp(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4 / PortionBytes, MinPortions, MaxPortions);
        var portions = new ulong[count][];
        Parallel.For(0, count, portion =>
        {
            portions[portion] = new ulong[PortionBytes / sizeof(ulong)];
            Array.Fill(portions[portion], (ulong)portion);
        });
        var fastest = 0.0;
        for (var round = 0; round < NumRounds; round++)
        {
            var start = Stopwatch.GetTimestamp();
            Parallel.For(0, count, portion => GC.KeepAlive(Sum(portions[portion])));
            fastest = Math.Max(fastest, (double)PortionBytes * count / Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return fastest;
    }

    // Several sums, so that the processor does not wait for one addition after the other.
    private static object Sum(ulong[] values)
    {
        var vectors = MemoryMarshal.Cast<ulong, Vector<ulong>>(values);
        var (a, b, c, d) = (Vector<ulong>.Zero, Vector<ulong>.Zero, Vector<ulong>.Zero, Vector<ulong>.Zero);
        for (var i = 0; i + 4 <= vectors.Length; i += 4)
        {
            a += vectors[i];
            b += vectors[i + 1];
            c += vectors[i + 2];
            d += vectors[i + 3];
        }

        return a + b + c + d;
    }
}
