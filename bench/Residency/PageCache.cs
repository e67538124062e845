using System.Globalization;
using System.Runtime.InteropServices;

namespace InferenceServer.Bench.Residency;

/// <summary>What is in memory of a file that another process has mapped, and a way to push it out, as other programs' hunger for memory does. Linux, as root.</summary>
internal static partial class PageCache
{
    // The same numbers on all processors that .NET runs on: linux/include/uapi/asm-generic.
    private const nint PidfdOpen = 434;
    private const nint ProcessMadvise = 440;
    private const nint PageOut = 21; // MADV_PAGEOUT
    private const int Read = 1; // PROT_READ
    private const int Shared = 1; // MAP_SHARED
    private const int DontNeed = 4; // POSIX_FADV_DONTNEED

    // More in one call the kernel answers with a part.
    private const long MaxBytes = 1L << 30;

    /// <summary>Asks the kernel to take back what a process has mapped of a file, and then what is left in the cache of files. Throws if it refuses.</summary>
    public static void Evict(int processId, string file)
    {
        var process = syscall(PidfdOpen, processId, 0, 0, 0, 0);
        ThrowIfNegative(process, "pidfd_open");
        try
        {
            foreach (var (start, length) in ReadMappings(processId, file))
            {
                for (long offset = 0; offset < length; offset += MaxBytes)
                {
                    // Locked memory is refused: that is what locking is for.
                    syscall(ProcessMadvise, process, [(nint)(start + offset), (nint)Math.Min(MaxBytes, length - offset)], 1, PageOut, 0);
                }
            }
        }
        finally
        {
            close((int)process);
        }

        using var handle = File.OpenHandle(file);
        posix_fadvise(handle, 0, 0, DontNeed);
    }

    /// <summary>The share of a file that is in memory, 0 to 1.</summary>
    public static double GetResidentShare(string file)
    {
        using var handle = File.OpenHandle(file);
        var length = (nint)RandomAccess.GetLength(handle);
        var start = mmap(0, length, Read, Shared, handle, 0);
        ThrowIfNegative(start, "mmap");
        var pages = new byte[(length + Environment.SystemPageSize - 1) / Environment.SystemPageSize];
        var status = mincore(start, length, pages);
        munmap(start, length);
        ThrowIfNegative(status, "mincore");
        return pages.Average(page => page & 1);
    }

    private static IEnumerable<(long Start, long Length)> ReadMappings(int processId, string file) =>
        from line in File.ReadLines($"/proc/{processId}/maps")
        where line.EndsWith(Path.GetFullPath(file), StringComparison.Ordinal)
        let ends = line[..line.IndexOf(' ', StringComparison.Ordinal)].Split('-').Select(end => long.Parse(end, NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToArray()
        select (ends[0], ends[1] - ends[0]);

    private static void ThrowIfNegative(nint result, string function)
    {
        if (result < 0)
        {
            throw new InvalidOperationException($"{function}: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(nint number, nint first, nint second, nint third, nint fourth, nint fifth);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(nint number, nint first, ReadOnlySpan<nint> ranges, nint third, nint fourth, nint fifth);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int close(int file);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int posix_fadvise(SafeHandle file, long offset, long length, int advice);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint mmap(nint address, nint length, int protection, int flags, SafeHandle file, long offset);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int munmap(nint address, nint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int mincore(nint address, nint length, Span<byte> pages);
}
