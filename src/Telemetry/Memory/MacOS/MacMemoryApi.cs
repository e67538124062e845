using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using InferenceServer.Telemetry.Power;

namespace InferenceServer.Telemetry.Memory.MacOS;

/// <summary>Functions of macOS that tell of memory. 0 is success unless a comment says otherwise.</summary>
internal static partial class MacMemoryApi
{
    /// <summary><c>HOST_VM_INFO64</c>.</summary>
    public const int VirtualMemory64 = 4;

    /// <summary><c>RUSAGE_INFO_V0</c>.</summary>
    public const int UsageVersion0 = 0;

    /// <summary>A value of the kernel by its name.</summary>
    [LibraryImport(SystemLibraries.MacSystem, StringMarshalling = StringMarshalling.Utf8), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int sysctlbyname(string name, Span<byte> value, ref nuint size, nint newValue, nuint newSize);

    /// <summary>A port to the host, which this process keeps.</summary>
    [LibraryImport(SystemLibraries.MacSystem), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial uint mach_host_self();

    /// <summary>Statistics; asked more than a few times a second, the kernel repeats itself.</summary>
    /// <param name="host">A port.</param>
    /// <param name="flavor">Which.</param>
    /// <param name="statistics">Written.</param>
    /// <param name="count">Integers of four bytes: in, the space; out, what was written. Too little space is an error, too much is not.</param>
    [LibraryImport(SystemLibraries.MacSystem), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int host_statistics64(uint host, int flavor, Span<byte> statistics, ref uint count);

    /// <summary>What a process uses.</summary>
    [LibraryImport(SystemLibraries.MacSystem), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int proc_pid_rusage(int process, int flavor, Span<byte> usage);

    /// <summary>The GPU; 0 if there is none. Ours to release, but kept.</summary>
    [LibraryImport(SystemLibraries.Metal), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial nint MTLCreateSystemDefaultDevice();

    /// <summary>A method's name as the runtime of Objective-C knows it.</summary>
    [LibraryImport(SystemLibraries.ObjectiveC, StringMarshalling = StringMarshalling.Utf8), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial nint sel_registerName(string name);

    /// <summary>Calls a method without arguments that returns 64 bits.</summary>
    [LibraryImport(SystemLibraries.ObjectiveC), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial ulong objc_msgSend(nint receiver, nint selector);
}
