using System.Runtime.InteropServices;
using InferenceServer.Inference.Models.Planning;

namespace InferenceServer.Server.Machines;

/// <summary>What bounds memory on macOS beside the GPU's share of it. Not yet run on hardware, so it warns and does not refuse.</summary>
internal static partial class MacMemory
{
    // HOST_VM_INFO64, and room for more than the structure has today: macOS 27 enlarged it and fails calls that offer less (reference: mach/vm_statistics.h).
    private const int Flavor = 4;
    private const int NumWords = 256;

    // Places in it, in words of four bytes: free, purgeable and file-backed pages.
    private const int FreePages = 0;
    private const int PurgeablePages = 22;
    private const int FilePages = 34;

    /// <summary>The limits that there are.</summary>
    public static IReadOnlyList<MemoryLimit> ReadLimits() =>
    [
        new("the machine's memory", GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, IsDevice: false),
        .. ReadAvailable() is { } bytes ? (MemoryLimit[])[new("the free memory", bytes, IsDevice: false) { IsFirm = false }] : [],
    ];

    private static long? ReadAvailable()
    {
        var words = new uint[NumWords];
        var count = (uint)NumWords;
        return GetHostStatistics(GetHost(), Flavor, words, ref count) == 0 && count > FilePages
            ? ((long)words[FreePages] + words[PurgeablePages] + words[FilePages]) * Environment.SystemPageSize
            : null;
    }

    [LibraryImport("libSystem.dylib", EntryPoint = "mach_host_self")]
    private static partial uint GetHost();

    [LibraryImport("libSystem.dylib", EntryPoint = "host_statistics64")]
    private static partial int GetHostStatistics(uint host, int flavor, [In, Out] uint[] words, ref uint count);
}
