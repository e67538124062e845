using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace InferenceServer.Inference.Cache.Disk;

/// <summary>macOS only: keeps a folder out of Time Machine, as <c>tmutil addexclusion</c> does. Written from the format's description; not run on a Mac yet.</summary>
internal static partial class TimeMachine
{
    private const string Attribute = "com.apple.metadata:com_apple_backup_excludeItem";

    private static readonly byte[] PropertyList =
    [
        .. "bplist00"u8, 0x5F, 0x10, 17, .. "com.apple.backupd"u8, 8,
        0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 28,
    ];

    /// <summary>What the attribute says: a binary property list of the one text "com.apple.backupd".</summary>
    public static ReadOnlySpan<byte> Value => PropertyList;

    /// <summary>Excludes a folder and all in it; false if the file system has no attributes.</summary>
    [SupportedOSPlatform("macos")]
    public static bool Exclude(string path) => setxattr(path, Attribute, PropertyList, (nuint)PropertyList.Length, position: 0, options: 0) == 0;

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    private static partial int setxattr(string path, string name, ReadOnlySpan<byte> value, nuint size, uint position, int options);
}
