using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace InferenceServer.Inference.Native;

/// <summary>The functions of the operating system that we call directly.</summary>
internal static unsafe partial class SystemApi
{
    /// <summary>Sets a variable of the process as native code sees it; 0 on success. Zero-terminated; overwrite 0 leaves one that is set. Not safe while other native threads read variables.</summary>
    [LibraryImport("libc"), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int setenv(byte* name, byte* value, int overwrite);

    /// <summary>macOS only: a value of the kernel by its zero-terminated name. 0: written; else there is no such value or it is larger than the space.</summary>
    [LibraryImport("libc"), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int sysctlbyname(byte* name, void* value, nuint* size, void* newValue, nuint newSize);

    /// <summary>Linux only, where it is about the calling thread (elsewhere about the process): adds to its nice value. The new value, or -1.</summary>
    [LibraryImport("libc"), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int nice(int increment);
}
