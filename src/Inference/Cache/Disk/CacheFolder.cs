using System.Globalization;

namespace InferenceServer.Inference.Cache.Disk;

/// <summary>
/// The folder of the disk tier, owned by one process as long as this lives: files that only the user may read, left out of backups and search indexes. Any one thread;
/// members throw <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/>.
/// </summary>
internal sealed class CacheFolder : IDisposable
{
    /// <summary>Ending of a span's file.</summary>
    public const string Ending = ".kv";

    private const string TempEnding = ".tmp";
    private const string BudgetName = "budget";
    private const string LockName = "lock";
    private const UnixFileMode FileMode600 = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode FolderMode700 = FileMode600 | UnixFileMode.UserExecute;

    // Of the disk: the system and others need some more than we do.
    private const long MinFreeBytes = 1L << 30;

    private readonly FileStream? _lock;

    private CacheFolder(string path, FileStream? @lock)
    {
        Path = path;
        _lock = @lock;
    }

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>Where the files are in the folder that <c>Cache:DiskPath</c> names: in one of their own, so that nothing else there changes its mode.</summary>
    public static string PathIn(string path) => System.IO.Path.GetFullPath(System.IO.Path.Combine(path, "prefixes"));

    /// <summary>The folder as it is, which need not exist, to look at; somebody may own it.</summary>
    public static CacheFolder Look(string path) => new(PathIn(path), null);

    /// <summary>Makes the folder if need be and owns it; null if another process does.</summary>
    public static CacheFolder? Open(string path)
    {
        path = PathIn(path);
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, FolderMode700);
            File.SetUnixFileMode(path, FolderMode700);
        }

        FileStream @lock;
        try
        {
            @lock = new FileStream(System.IO.Path.Combine(path, LockName), Create(FileMode.OpenOrCreate, FileShare.None));
        }
        catch (IOException exception) when (exception is not (DirectoryNotFoundException or PathTooLongException))
        {
            return null;
        }

        try
        {
            KeepOut(path);
            return new CacheFolder(path, @lock);
        }
        catch
        {
            @lock.Dispose();
            throw;
        }
    }

    /// <summary>True if it is there.</summary>
    public bool Exists => Directory.Exists(Path);

    /// <summary>True if a process owns it.</summary>
    public bool IsInUse()
    {
        var path = System.IO.Path.Combine(Path, LockName);
        if (_lock is not null || !File.Exists(path))
        {
            return _lock is not null;
        }

        try
        {
            using var free = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    /// <summary>Deletes what a process that was killed left half written.</summary>
    public void DeleteHalfWritten()
    {
        foreach (var file in Directory.EnumerateFiles(Path, "*" + TempEnding))
        {
            File.Delete(file);
        }
    }

    /// <summary>Names of spans, least recently used first.</summary>
    public IReadOnlyList<string> List()
    {
        if (!Exists)
        {
            return [];
        }

        return [.. new DirectoryInfo(Path).EnumerateFiles("*" + Ending).OrderBy(file => file.LastWriteTimeUtc).Select(file => System.IO.Path.GetFileNameWithoutExtension(file.Name))];
    }

    /// <summary>When a span was used last, to the hour.</summary>
    public DateTime LastUsed(string name) => File.GetLastWriteTimeUtc(PathOf(name));

    /// <summary>Notes that a span is used.</summary>
    public void MarkUsed(string name, DateTime now)
    {
        if (now - LastUsed(name) > TimeSpan.FromHours(1))
        {
            File.SetLastWriteTimeUtc(PathOf(name), now);
        }
    }

    /// <summary>Opens a span for reading.</summary>
    public Stream OpenRead(string name) => new FileStream(PathOf(name), FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);

    /// <summary>Reads the beginning of a span, at most so many bytes.</summary>
    public byte[] ReadStart(string name, int maxBytes, out long length)
    {
        using var file = OpenRead(name);
        length = file.Length;
        var bytes = new byte[Math.Min(length, maxBytes)];
        return bytes.AsSpan(0, file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)).ToArray();
    }

    /// <summary>Writes a span, whole or not at all as long as the system runs; after a power cut its checksums tell.</summary>
    public void Write(string name, ReadOnlySpan<byte> head, ReadOnlySpan<byte> state)
    {
        if (new DriveInfo(Path).AvailableFreeSpace < MinFreeBytes)
        {
            throw new IOException(string.Create(CultureInfo.InvariantCulture, $"Less than {MinFreeBytes >> 20} MiB are free on the disk of {Path}."));
        }

        Replace(PathOf(name), head, state);
    }

    /// <summary>Deletes a span, if it is there.</summary>
    public void Delete(string name) => File.Delete(PathOf(name));

    /// <summary>What <see cref="WriteBudget"/> wrote; null if it has not.</summary>
    public string? ReadBudget()
    {
        var path = System.IO.Path.Combine(Path, BudgetName);
        return File.Exists(path) ? File.ReadAllText(path) : null;
    }

    /// <summary>Keeps it.</summary>
    public void WriteBudget(string budget) => Replace(System.IO.Path.Combine(Path, BudgetName), System.Text.Encoding.UTF8.GetBytes(budget), []);

    /// <summary>Gives the folder up.</summary>
    public void Dispose() => _lock?.Dispose();

    private static void Replace(string path, ReadOnlySpan<byte> head, ReadOnlySpan<byte> rest)
    {
        var temp = path + TempEnding;
        try
        {
            using (var file = new FileStream(temp, Create(FileMode.Create, FileShare.None)))
            {
                file.Write(head);
                file.Write(rest);
            }

            File.Move(temp, path, overwrite: true);
        }
        catch
        {
            File.Delete(temp);
            throw;
        }
    }

    private static FileStreamOptions Create(FileMode mode, FileShare share)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = share, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = FileMode600;
        }

        return options;
    }

    // KV is the users' text in another form: neither backups nor search indexes should hold it.
    private static void KeepOut(string path)
    {
        WriteOnce(System.IO.Path.Combine(path, "CACHEDIR.TAG"), "Signature: 8a477f597d28d172789f06886806bc55"); // bford.info/cachedir
        WriteOnce(System.IO.Path.Combine(path, ".metadata_never_index"), ""); // Spotlight; elsewhere nobody minds
        if (OperatingSystem.IsMacOS())
        {
            TimeMachine.Exclude(path);
        }
    }

    private static void WriteOnce(string path, string text)
    {
        if (!File.Exists(path))
        {
            Replace(path, System.Text.Encoding.UTF8.GetBytes(text), []);
        }
    }

    private string PathOf(string name) => System.IO.Path.Combine(Path, name + Ending);
}
