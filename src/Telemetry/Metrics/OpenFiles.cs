using System.Runtime.InteropServices;

namespace InferenceServer.Telemetry.Metrics;

/// <summary>
/// Counts the files that a process holds open by its folder of them. The runtime's own enumeration asks the system twice about each
/// of them: with 250 files open, 500 calls for a scrape. Linux and macOS.
/// </summary>
internal static partial class OpenFiles
{
    // Linux, then macOS.
    private static readonly string? Folder = new[] { "/proc/self/fd", "/dev/fd" }.FirstOrDefault(Directory.Exists);

    /// <summary>False where there is no such folder.</summary>
    public static bool CanCount => Folder is not null;

    /// <summary>How many there are now, the folder itself apart; 0 if it cannot be read.</summary>
    public static int Count()
    {
        var folder = opendir(Folder!);
        if (folder == 0)
        {
            return 0;
        }

        var count = 0;
        while (readdir(folder) != 0)
        {
            count++;
        }

        _ = closedir(folder);
        return Math.Max(0, count - 3); // ".", ".." and the folder
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint opendir(string path);

    /// <summary>The next entry, which is not looked at; null after the last.</summary>
    [LibraryImport("libc")]
    private static partial nint readdir(nint folder);

    [LibraryImport("libc")]
    private static partial int closedir(nint folder);
}
