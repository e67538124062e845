using System.Globalization;
using System.Runtime.InteropServices;

namespace InferenceServer.Testing;

/// <summary>A file that a process has mapped, pushed out of its memory as other programs' hunger for memory does. Linux; for another process, as root.</summary>
internal static partial class MappedFile
{
    // The same numbers on all processors that .NET runs on: linux/include/uapi/asm-generic.
    private const nint PidfdOpen = 434;
    private const nint ProcessMadvise = 440;
    private const nint PageOut = 21; // MADV_PAGEOUT

    // More in one call the kernel answers with a part.
    private const long MaxBytes = 1L << 30;

    /// <summary>Asks the kernel to take back what a process has mapped of a file. It refuses memory that is locked.</summary>
    /// <returns>Ranges that it was asked for, and those that it refused; null if it gives no handle of the process: the last system error says why.</returns>
    public static (int NumAsked, int NumRefused)? PushOut(int processId, string path)
    {
        var process = syscall(PidfdOpen, processId, 0, 0, 0, 0);
        if (process < 0)
        {
            return null;
        }

        var (numAsked, numRefused) = (0, 0);
        try
        {
            foreach (var (start, length) in ReadMappings(processId, path))
            {
                for (long offset = 0; offset < length; offset += MaxBytes)
                {
                    numAsked++;
                    numRefused += syscall(ProcessMadvise, process, [(nint)(start + offset), (nint)Math.Min(MaxBytes, length - offset)], 1, PageOut, 0) < 0 ? 1 : 0;
                }
            }
        }
        finally
        {
            _ = close((int)process);
        }

        return (numAsked, numRefused);
    }

    private static IEnumerable<(long Start, long Length)> ReadMappings(int processId, string path) =>
        from line in File.ReadLines($"/proc/{processId}/maps")
        where line.EndsWith(Path.GetFullPath(path), StringComparison.Ordinal)
        let ends = line[..line.IndexOf(' ', StringComparison.Ordinal)].Split('-').Select(end => long.Parse(end, NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToArray()
        select (ends[0], ends[1] - ends[0]);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(nint number, nint first, nint second, nint third, nint fourth, nint fifth);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(nint number, nint first, ReadOnlySpan<nint> ranges, nint third, nint fourth, nint fifth);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int close(int file);
}
