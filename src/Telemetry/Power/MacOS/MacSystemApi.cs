using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace InferenceServer.Telemetry.Power.MacOS;

/// <summary>Functions of macOS' own library.</summary>
internal static partial class MacSystemApi
{
    /// <summary>Ticks since some moment, without the time asleep; the clock of IOReport's timestamps.</summary>
    [LibraryImport(SystemLibraries.MacSystem), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial ulong mach_absolute_time();

    /// <summary>Nanoseconds of a tick as a fraction. 0 is success.</summary>
    [LibraryImport(SystemLibraries.MacSystem), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int mach_timebase_info(out MachTimebase timebase);

    /// <summary>Watches a name of notify(3), to be looked at with <see cref="notify_get_state"/>. 0 is success.</summary>
    [LibraryImport(SystemLibraries.MacSystem, StringMarshalling = StringMarshalling.Utf8), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial uint notify_register_check(string name, out int token);

    /// <summary>The state of a name. 0 is success.</summary>
    [LibraryImport(SystemLibraries.MacSystem), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial uint notify_get_state(int token, out ulong state);

    [LibraryImport(SystemLibraries.MacSystem), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial uint notify_cancel(int token);

    /// <summary>The user as whom this process acts; 0 is root.</summary>
    [LibraryImport(SystemLibraries.MacSystem), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial uint geteuid();
}

/// <summary><c>mach_timebase_info_data_t</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct MachTimebase
{
    public uint Numerator;
    public uint Denominator;
}
