using System.Runtime.InteropServices;
using InferenceServer.Testing;

namespace InferenceServer.Bench.Residency;

/// <summary>What is in memory of a file that another process has mapped, and a way to push it out, as other programs' hunger for memory does. Linux, as root.</summary>
internal static partial class PageCache
{
    private const int Read = 1; // PROT_READ
    private const int Shared = 1; // MAP_SHARED
    private const int DontNeed = 4; // POSIX_FADV_DONTNEED

    /// <summary>Asks the kernel to take back what a process has mapped of a file, and then what is left in the cache of files. Throws if it refuses.</summary>
    public static void Evict(int processId, string file)
    {
        // Locked memory is refused: that is what locking is for.
        ThrowIf(MappedFile.PushOut(processId, file) is null, "pidfd_open");
        using var handle = File.OpenHandle(file);
        posix_fadvise(handle, 0, 0, DontNeed);
    }

    /// <summary>The share of a file that is in memory, 0 to 1.</summary>
    public static double GetResidentShare(string file)
    {
        using var handle = File.OpenHandle(file);
        var length = (nint)RandomAccess.GetLength(handle);
        var start = mmap(0, length, Read, Shared, handle, 0);
        ThrowIf(start < 0, "mmap");
        var pages = new byte[(length + Environment.SystemPageSize - 1) / Environment.SystemPageSize];
        var status = mincore(start, length, pages);
        munmap(start, length);
        ThrowIf(status < 0, "mincore");
        return pages.Average(page => page & 1);
    }

    private static void ThrowIf(bool hasFailed, string function)
    {
        if (hasFailed)
        {
            throw new InvalidOperationException($"{function}: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int posix_fadvise(SafeHandle file, long offset, long length, int advice);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint mmap(nint address, nint length, int protection, int flags, SafeHandle file, long offset);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int munmap(nint address, nint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int mincore(nint address, nint length, Span<byte> pages);
}
