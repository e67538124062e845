using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace InferenceServer.Telemetry.Power.MacOS;

/// <summary>
/// Apple's IOReport, which has no header: names and types as others found them. Copy and Create give what is ours to release; Get does not.
/// A getter may write its result into the channel it reads, so a sample is for one thread.
/// </summary>
internal static partial class IOReportApi
{
    /// <summary>What the integer getters return on error.</summary>
    public const long Error = long.MinValue;

    /// <summary>A mutable dictionary of all channels in a group, or in a subgroup of it; 0 if there are none.</summary>
    [LibraryImport(SystemLibraries.IOReport), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial nint IOReportCopyChannelsInGroup(nint group, nint subgroup, ulong a, ulong b, ulong c);

    /// <summary>Asks for channels; 0 if none of them can be had.</summary>
    /// <param name="allocator">0.</param>
    /// <param name="channels">As copied, possibly with fewer of them.</param>
    /// <param name="subscribed">What was subscribed to: ours to release.</param>
    /// <param name="id">0.</param>
    /// <param name="options">0.</param>
    [LibraryImport(SystemLibraries.IOReport), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial nint IOReportCreateSubscription(nint allocator, nint channels, out nint subscribed, ulong id, nint options);

    /// <summary>The values now: a dictionary like the one of channels; 0 on error.</summary>
    [LibraryImport(SystemLibraries.IOReport), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial nint IOReportCreateSamples(nint subscription, nint subscribed, nint options);

    [LibraryImport(SystemLibraries.IOReport), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial nint IOReportChannelGetChannelName(nint channel);

    /// <summary>0 if it has none.</summary>
    [LibraryImport(SystemLibraries.IOReport), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial nint IOReportChannelGetSubGroup(nint channel);

    /// <summary>May have blanks around it; 0 if it has none.</summary>
    [LibraryImport(SystemLibraries.IOReport), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial nint IOReportChannelGetUnitLabel(nint channel);

    [LibraryImport(SystemLibraries.IOReport), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial long IOReportSimpleGetIntegerValue(nint channel, nint unit);

    /// <summary>-1 on error.</summary>
    [LibraryImport(SystemLibraries.IOReport), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int IOReportStateGetCount(nint channel);

    [LibraryImport(SystemLibraries.IOReport), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial nint IOReportStateGetNameForIndex(nint channel, int index);

    [LibraryImport(SystemLibraries.IOReport), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial long IOReportStateGetResidency(nint channel, int index);
}
