using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace InferenceServer.Inference.Remote;

/// <summary>What the operating system knows of parents and children.</summary>
internal static partial class ProcessApi
{
    /// <summary>Linux's <c>PR_SET_PDEATHSIG</c>.</summary>
    public const int SetParentDeathSignal = 1;

    /// <summary><c>SIGKILL</c>.</summary>
    public const nuint Kill = 9;

    /// <summary>The process that started this one, or whoever took its place when it ended.</summary>
    [LibraryImport("libc"), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int getppid();

    /// <summary>Linux only: changes something about the calling thread or its process. 0 on success.</summary>
    [LibraryImport("libc"), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int prctl(int option, nuint argument2, nuint argument3, nuint argument4, nuint argument5);
}
