using System.Runtime.InteropServices;

namespace InferenceServer.Server.Service;

/// <summary>What the runtime's own classes cannot do.</summary>
internal static partial class PosixApi
{
    /// <summary>Renames a file or a link, also one to a folder, over what has the name. 0 is success.</summary>
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int rename(string from, string to);
}
