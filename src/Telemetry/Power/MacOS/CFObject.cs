using System.Runtime.InteropServices;
using System.Text;

namespace InferenceServer.Telemetry.Power.MacOS;

/// <summary>An object of CoreFoundation that is ours to release, and safe ways to look into objects: each asks what it is before it reads.</summary>
internal sealed class CFObject : SafeHandle
{
    // Names of channels and properties are far shorter.
    private const int MaxTextBytes = 256;

    private CFObject(nint value)
        : base(0, ownsHandle: true) => SetHandle(value);

    /// <inheritdoc/>
    public override bool IsInvalid => handle == 0;

    /// <summary>The object; valid as long as this is not disposed.</summary>
    public nint Value => handle;

    /// <summary>Takes over what a function with Create or Copy in its name returned; null if that was nothing.</summary>
    public static CFObject? Take(nint value) => value == 0 ? null : new CFObject(value);

    /// <summary>A new string.</summary>
    public static CFObject Text(string text) =>
        Take(CoreFoundationApi.CFStringCreateWithCString(0, text, CoreFoundationApi.Utf8)) ?? throw new InvalidOperationException("CoreFoundation made no string.");

    /// <summary>A string's bytes in UTF-8.</summary>
    /// <returns>How many; 0 if it is no string, or one that does not fit.</returns>
    public static int ReadText(nint text, Span<byte> buffer) =>
        text != 0 && CoreFoundationApi.CFGetTypeID(text) == CoreFoundationApi.CFStringGetTypeID()
        && CoreFoundationApi.CFStringGetCString(text, buffer, buffer.Length, CoreFoundationApi.Utf8) != 0
            ? Math.Max(0, buffer.IndexOf((byte)0))
            : 0;

    /// <summary>A string; null if it is none, or longer than any name.</summary>
    public static string? ReadText(nint text)
    {
        Span<byte> buffer = stackalloc byte[MaxTextBytes];
        return ReadText(text, buffer) is > 0 and var length ? Encoding.UTF8.GetString(buffer[..length]) : null;
    }

    /// <summary>A whole number; null if it is none.</summary>
    public static long? ReadNumber(nint number) =>
        number != 0 && CoreFoundationApi.CFGetTypeID(number) == CoreFoundationApi.CFNumberGetTypeID()
        && CoreFoundationApi.CFNumberGetValue(number, CoreFoundationApi.Int64Number, out var value) != 0
            ? value
            : null;

    /// <summary>The first bytes of a data object.</summary>
    /// <returns>How many; 0 if it is none.</returns>
    public static int ReadData(nint data, Span<byte> buffer)
    {
        if (data == 0 || CoreFoundationApi.CFGetTypeID(data) != CoreFoundationApi.CFDataGetTypeID())
        {
            return 0;
        }

        var length = (int)Math.Min(buffer.Length, CoreFoundationApi.CFDataGetLength(data));
        CoreFoundationApi.CFDataGetBytes(data, new CFRange { Length = length }, buffer);
        return length;
    }

    /// <summary>A value of a dictionary; 0 if it is none, or has no such key. Not ours to release.</summary>
    public static nint ReadValue(nint dictionary, CFObject key) =>
        dictionary != 0 && CoreFoundationApi.CFGetTypeID(dictionary) == CoreFoundationApi.CFDictionaryGetTypeID()
            ? CoreFoundationApi.CFDictionaryGetValue(dictionary, key.Value)
            : 0;

    /// <summary>Number of an array's items; 0 if it is none.</summary>
    public static nint CountItems(nint array) =>
        array != 0 && CoreFoundationApi.CFGetTypeID(array) == CoreFoundationApi.CFArrayGetTypeID() ? CoreFoundationApi.CFArrayGetCount(array) : 0;

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        CoreFoundationApi.CFRelease(handle);
        return true;
    }
}
