using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace InferenceServer.Telemetry.Power.MacOS;

/// <summary>
/// Apple's CoreFoundation, as far as it is used. What a function with Create or Copy in its name returns is ours to release; what a Get
/// returns is not. CFIndex is a native integer.
/// </summary>
internal static partial class CoreFoundationApi
{
    /// <summary><c>kCFStringEncodingUTF8</c>.</summary>
    public const uint Utf8 = 0x08000100;

    /// <summary><c>kCFNumberSInt64Type</c>.</summary>
    public const nint Int64Number = 4;

    /// <summary>Takes and gives back nothing; 0 is not allowed.</summary>
    [LibraryImport(SystemLibraries.CoreFoundation), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial void CFRelease(nint value);

    /// <summary>What kind of object it is, to compare with the functions below.</summary>
    [LibraryImport(SystemLibraries.CoreFoundation), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial nuint CFGetTypeID(nint value);

    [LibraryImport(SystemLibraries.CoreFoundation), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial nuint CFStringGetTypeID();

    [LibraryImport(SystemLibraries.CoreFoundation), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial nuint CFArrayGetTypeID();

    [LibraryImport(SystemLibraries.CoreFoundation), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial nuint CFDictionaryGetTypeID();

    [LibraryImport(SystemLibraries.CoreFoundation), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial nuint CFDataGetTypeID();

    [LibraryImport(SystemLibraries.CoreFoundation), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial nuint CFNumberGetTypeID();

    [LibraryImport(SystemLibraries.CoreFoundation, StringMarshalling = StringMarshalling.Utf8), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial nint CFStringCreateWithCString(nint allocator, string text, uint encoding);

    /// <summary>0 if it does not fit with its terminator.</summary>
    [LibraryImport(SystemLibraries.CoreFoundation), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial byte CFStringGetCString(nint text, Span<byte> buffer, nint size, uint encoding);

    [LibraryImport(SystemLibraries.CoreFoundation), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial nint CFArrayGetCount(nint array);

    [LibraryImport(SystemLibraries.CoreFoundation), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial nint CFArrayGetValueAtIndex(nint array, nint index);

    /// <summary>With <c>kCFTypeArrayCallBacks</c> it keeps what it holds.</summary>
    [LibraryImport(SystemLibraries.CoreFoundation), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial nint CFArrayCreateMutable(nint allocator, nint capacity, nint callbacks);

    [LibraryImport(SystemLibraries.CoreFoundation), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial void CFArrayAppendValue(nint array, nint value);

    /// <summary>0 if there is none.</summary>
    [LibraryImport(SystemLibraries.CoreFoundation), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial nint CFDictionaryGetValue(nint dictionary, nint key);

    [LibraryImport(SystemLibraries.CoreFoundation), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial void CFDictionarySetValue(nint dictionary, nint key, nint value);

    [LibraryImport(SystemLibraries.CoreFoundation), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial nint CFDataGetLength(nint data);

    [LibraryImport(SystemLibraries.CoreFoundation), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial void CFDataGetBytes(nint data, CFRange range, Span<byte> buffer);

    /// <summary>0 if the number does not fit the type exactly.</summary>
    [LibraryImport(SystemLibraries.CoreFoundation), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial byte CFNumberGetValue(nint number, nint type, out long value);
}

/// <summary><c>CFRange</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CFRange
{
    public nint Location;
    public nint Length;
}
