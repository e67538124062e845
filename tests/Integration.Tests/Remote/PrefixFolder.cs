using System.Diagnostics;
using InferenceServer.Inference.Cache.Disk;

namespace InferenceServer.Integration.Tests.Remote;

/// <summary>A folder for prefixes on disk as it looks from outside, while others write to it.</summary>
internal sealed class PrefixFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("prefixes-");

    /// <summary>For <c>Cache:DiskPath</c>.</summary>
    public string Path => System.IO.Path.Combine(_folder.FullName, "cache");

    /// <summary>Where the files are.</summary>
    public string Files => System.IO.Path.Combine(Path, "prefixes");

    /// <summary>Files that are whole.</summary>
    public int NumWhole => Find("*.kv").Count;

    /// <summary>Files that are being written, or were when their writer was killed.</summary>
    public IReadOnlyList<FileInfo> Half => Find("*.kv.tmp");

    /// <summary>Reads every file; what would not be loaded, by reason.</summary>
    public PrefixFolderReport Verify() => PrefixFiles.Examine(Path, whole: true);

    /// <summary>Waits until so many files are whole; false if that does not come to be in time.</summary>
    public bool WaitForWhole(int count, TimeSpan patience)
    {
        var start = Stopwatch.GetTimestamp();
        while (NumWhole < count)
        {
            if (Stopwatch.GetElapsedTime(start) > patience)
            {
                return false;
            }

            Thread.Yield();
        }

        return true;
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private IReadOnlyList<FileInfo> Find(string pattern) => Directory.Exists(Files) ? [.. new DirectoryInfo(Files).EnumerateFiles(pattern)] : [];
}
