using System.Runtime.InteropServices;

namespace InferenceServer.Telemetry.Memory;

/// <summary>Functions that Linux and macOS have in common, by the name under which the runtime finds them on both.</summary>
internal static partial class PosixApi
{
    /// <summary><c>PROT_READ</c>.</summary>
    public const int Read = 1;

    /// <summary><c>MAP_SHARED</c>.</summary>
    public const int Shared = 1;

    /// <summary><c>W_OK</c>.</summary>
    public const int Writable = 2;

    /// <summary><c>O_NOATIME</c> of Linux, which only a file's owner or a privileged process may ask for.</summary>
    public const int LinuxNoAccessTime = 0x40000;

    /// <summary>Which pages of a mapped range are in memory: the lowest bit of a byte for each. 0 is success.</summary>
    [LibraryImport("libc", SetLastError = true)]
    public static partial int mincore(nint address, nuint length, Span<byte> pages);

    /// <summary>Maps a file; -1 on failure. Reading no byte of it loads no page of it.</summary>
    [LibraryImport("libc", SetLastError = true)]
    public static partial nint mmap(nint address, nuint length, int protection, int flags, SafeHandle file, long offset);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int munmap(nint address, nuint length);

    /// <summary>0 if this process may.</summary>
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int access(string path, int mode);

    /// <summary>A file descriptor; negative on failure. Two arguments only: without O_CREAT there is no third.</summary>
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int close(int file);
}
