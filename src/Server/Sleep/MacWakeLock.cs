using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace InferenceServer.Server.Sleep;

/// <summary>
/// Keeps a Mac awake by an assertion of IOKit's power management, as <c>caffeinate -i</c> does: the display may sleep, and a closed lid or the
/// menu still puts it to sleep. <c>pmset -g assertions</c> shows it. The system takes it back when the process ends. Not run on hardware.
/// </summary>
internal static partial class MacWakeLock
{
    private const string CoreFoundation = "/System/Library/Frameworks/CoreFoundation.framework/CoreFoundation";
    private const string IOKit = "/System/Library/Frameworks/IOKit.framework/IOKit";

    /// <summary>The kind of assertion: kIOPMAssertPreventUserIdleSystemSleep of IOPMLib.h.</summary>
    public const string PreventIdleSleep = "PreventUserIdleSystemSleep";

    // kIOPMAssertionLevelOn, kCFStringEncodingUTF8: IOPMLib.h, CFString.h.
    private const uint LevelOn = 255;
    private const uint Utf8 = 0x08000100;

    /// <summary>Takes it.</summary>
    /// <param name="name">For whoever asks what keeps the machine awake; at most 128 characters.</param>
    public static WakeLock Take(string name)
    {
        var (type, text) = (CFStringCreateWithCString(0, PreventIdleSleep, Utf8), CFStringCreateWithCString(0, name, Utf8));
        try
        {
            var status = IOPMAssertionCreateWithName(type, LevelOn, text, out var id);
            return status == 0 ? new WakeLock(() => _ = IOPMAssertionRelease(id), null) : new WakeLock(null, $"IOPMAssertionCreateWithName returned {status:x8}");
        }
        finally
        {
            CFRelease(type);
            CFRelease(text);
        }
    }

    [LibraryImport(CoreFoundation, StringMarshalling = StringMarshalling.Utf8), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    private static partial nint CFStringCreateWithCString(nint allocator, string text, uint encoding);

    [LibraryImport(CoreFoundation), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    private static partial void CFRelease(nint value);

    [LibraryImport(IOKit), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    private static partial int IOPMAssertionCreateWithName(nint type, uint level, nint name, out uint id);

    [LibraryImport(IOKit), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    private static partial int IOPMAssertionRelease(uint id);
}
