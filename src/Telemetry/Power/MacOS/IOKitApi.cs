using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace InferenceServer.Telemetry.Power.MacOS;

/// <summary>Apple's IOKit, as far as it is used. Results are <c>kern_return_t</c>: 0 is success. Registry entries, iterators and connections are ports.</summary>
internal static partial class IOKitApi
{
    /// <summary>A dictionary that <see cref="IOServiceGetMatchingServices"/> takes over.</summary>
    [LibraryImport(SystemLibraries.IOKit, StringMarshalling = StringMarshalling.Utf8), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial nint IOServiceMatching(string name);

    /// <summary>Takes over and releases the dictionary, whatever the result.</summary>
    [LibraryImport(SystemLibraries.IOKit), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int IOServiceGetMatchingServices(uint mainPort, nint matching, out uint iterator);

    /// <summary>0 after the last.</summary>
    [LibraryImport(SystemLibraries.IOKit), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial uint IOIteratorNext(uint iterator);

    [LibraryImport(SystemLibraries.IOKit), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int IOObjectRelease(uint port);

    /// <summary>At most 128 bytes, the terminator included.</summary>
    [LibraryImport(SystemLibraries.IOKit), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int IORegistryEntryGetName(uint entry, Span<byte> name);

    [LibraryImport(SystemLibraries.IOKit), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int IORegistryEntryGetRegistryEntryID(uint entry, out ulong id);

    [LibraryImport(SystemLibraries.IOKit, StringMarshalling = StringMarshalling.Utf8), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int IORegistryEntryGetChildIterator(uint entry, string plane, out uint iterator);

    /// <summary>0 if there is no such property; otherwise ours to release.</summary>
    [LibraryImport(SystemLibraries.IOKit), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial nint IORegistryEntryCreateCFProperty(uint entry, nint key, nint allocator, uint options);

    /// <summary>All properties, some of which only exist when asked for this way; ours to release.</summary>
    [LibraryImport(SystemLibraries.IOKit), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int IORegistryEntryCreateCFProperties(uint entry, out nint properties, nint allocator, uint options);

    [LibraryImport(SystemLibraries.IOKit), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int IOServiceOpen(uint service, uint task, uint type, out uint connection);

    [LibraryImport(SystemLibraries.IOKit), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int IOServiceClose(uint connection);

    [LibraryImport(SystemLibraries.IOKit), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int IOConnectCallStructMethod(
        uint connection, uint selector, ReadOnlySpan<byte> input, nuint inputSize, Span<byte> output, ref nuint outputSize);
}
