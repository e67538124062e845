using System.Text.Json;
using Microsoft.Win32.SafeHandles;

namespace InferenceServer.Server.Downloads;

/// <summary>
/// An unfinished download: <c>NAME.part</c>, open for this process alone, and <c>NAME.part.json</c>, which says which bytes of it are there.
/// Parts may be written by several threads at once, each part by one.
/// </summary>
internal sealed class PartialFile : IDisposable
{
    /// <summary>What the name of an unfinished file ends in.</summary>
    public const string Ending = ".part";

    // What the kernel calls a lock that somebody else holds: Linux and macOS. There .NET passes on the system's number.
    private const int WouldBlockLinux = 11;
    private const int WouldBlockMac = 35;
    private const int SharingViolationWindows = unchecked((int)0x8007_0020);
    private const int NoSpaceUnix = 28;
    private const int NoSpaceWindows = unchecked((int)0x8007_0070);

    private static readonly TimeSpan SaveInterval = TimeSpan.FromSeconds(2);

    private readonly string _path;
    private readonly SafeFileHandle _handle;
    private readonly TimeProvider _clock;
    private readonly Lock _saving = new();
    private readonly PartialState _state;
    private long _savedAt;

    private PartialFile(string path, SafeFileHandle handle, PartialState state, TimeProvider clock)
    {
        _path = path;
        _handle = handle;
        _state = state;
        _clock = clock;
        _savedAt = clock.GetTimestamp();
    }

    /// <summary>Bytes that the file is to have.</summary>
    public long Length => _state.Length;

    /// <summary>Number of parts.</summary>
    public int NumParts => _state.Done.Length;

    /// <summary>Bytes that are there.</summary>
    public long NumDone => _state.Done.Sum(done => (long)done);

    /// <summary>
    /// Opens what an earlier attempt left of the same version of the file, or begins anew, with its space set aside. Throws
    /// <see cref="DownloadException"/> if somebody else has it open, the disk is full or the folder not writable.
    /// </summary>
    /// <param name="target">Where the finished file will be.</param>
    /// <param name="remote">What the server says; with a length.</param>
    /// <param name="partLength">Bytes of a part, if it begins anew.</param>
    /// <param name="clock">Decides when to save.</param>
    public static PartialFile Open(string target, RemoteFile remote, int partLength, TimeProvider clock)
    {
        var path = target + Ending;
        var length = remote.Length!.Value;
        var handle = Guard(path, () =>
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            return File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, FileOptions.Asynchronous);
        });
        try
        {
            var state = ReadState(path);
            var isSame = state is not null && state.Length == length && remote.Version is not null && state.Version == remote.Version && RandomAccess.GetLength(handle) == length;
            if (!isSame)
            {
                CheckSpace(path, handle, length);
                state = new PartialState { Length = length, Version = remote.Version, PartLength = partLength, Done = new int[(length + partLength - 1) / partLength] };
                Guard(path, () => Resize(handle, length));
            }

            var file = new PartialFile(path, handle, state!, clock);
            file.Save();
            return file;
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Begins anew where no parts can be fetched, and so nothing is known of what an earlier attempt left. The stream is unbuffered and closed to
    /// others. Throws as <see cref="Open"/> does.
    /// </summary>
    /// <param name="target">Where the finished file will be.</param>
    /// <param name="length">Bytes that there will be; null if nobody knows.</param>
    public static FileStream OpenWhole(string target, long? length)
    {
        var path = target + Ending;
        return Guard(path, () =>
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            var stream = new FileStream(path, new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None, BufferSize = 0, Options = FileOptions.Asynchronous });
            try
            {
                File.Delete(StatePath(path));
                CheckSpace(path, stream.SafeFileHandle, length ?? 0);
                return stream;
            }
            catch
            {
                stream.Dispose();
                throw;
            }
        });
    }

    /// <summary>Bytes there and wanted of an unfinished file; null if nothing is known of it.</summary>
    public static (long Done, long Length)? ReadProgress(string partPath) =>
        ReadState(partPath) is { } state ? (state.Done.Sum(done => (long)done), state.Length) : null;

    /// <summary>What is missing of a part: from its first missing byte up to, not including, its end.</summary>
    public (long Start, long End) GetMissing(int part)
    {
        var start = (long)part * _state.PartLength;
        return (start + _state.Done[part], Math.Min(start + _state.PartLength, Length));
    }

    /// <summary>Writes the next bytes of a part.</summary>
    public async ValueTask WriteAsync(int part, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        try
        {
            await RandomAccess.WriteAsync(_handle, bytes, GetMissing(part).Start, cancellationToken);
        }
        catch (IOException e)
        {
            throw Explain(_path, e);
        }

        _state.Done[part] += bytes.Length;
        if (_clock.GetElapsedTime(Volatile.Read(ref _savedAt)) > SaveInterval)
        {
            Save();
        }
    }

    /// <summary>Reads bytes back, to check them.</summary>
    public ValueTask<int> ReadAsync(Memory<byte> target, long position, CancellationToken cancellationToken) =>
        RandomAccess.ReadAsync(_handle, target, position, cancellationToken);

    /// <summary>Forgets all bytes.</summary>
    public void Clear()
    {
        Array.Clear(_state.Done);
        Save();
    }

    /// <summary>Puts the whole file in its place, at once or not at all, and takes the state away. Dispose it afterwards.</summary>
    public void MoveTo(string target) => Guard(_path, () =>
    {
        RandomAccess.FlushToDisk(_handle);
        File.Move(_path, target, overwrite: true);
        File.Delete(StatePath(_path));
        return true;
    });

    /// <summary>Deletes all of it. Dispose it afterwards.</summary>
    public void Delete()
    {
        File.Delete(StatePath(_path));
        File.Delete(_path);
    }

    /// <summary>Says which bytes are there. What it says is on the disk before it says so.</summary>
    public void Save()
    {
        lock (_saving)
        {
            _savedAt = _clock.GetTimestamp();

            // Copied before the flush: bytes that arrive meanwhile are not promised.
            var state = _state with { Done = [.. _state.Done] };
            try
            {
                RandomAccess.FlushToDisk(_handle);
                var temporary = StatePath(_path) + ".tmp";
                File.WriteAllBytes(temporary, JsonSerializer.SerializeToUtf8Bytes(state, PartialStateJson.Default.PartialState));
                File.Move(temporary, StatePath(_path), overwrite: true);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw Explain(_path, e);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();

    private static string StatePath(string path) => path + ".json";

    private static PartialState? ReadState(string path)
    {
        try
        {
            var state = JsonSerializer.Deserialize(File.ReadAllBytes(StatePath(path)), PartialStateJson.Default.PartialState);
            return state is { IsSound: true } ? state : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    private static void CheckSpace(string path, SafeFileHandle handle, long length)
    {
        // What an earlier attempt left is overwritten.
        var free = new DriveInfo(Path.GetDirectoryName(path)!).AvailableFreeSpace + RandomAccess.GetLength(handle);
        if (length > free)
        {
            throw new DownloadException(DownloadStatus.NoSpace, $"{Path.GetDirectoryName(path)} has {DataSize.Text(free)} free, and {Path.GetFileName(path)[..^Ending.Length]} has {DataSize.Text(length)}.");
        }
    }

    // Emptied first: what is not written yet takes no space and reads as zeros.
    private static bool Resize(SafeFileHandle handle, long length)
    {
        RandomAccess.SetLength(handle, 0);
        RandomAccess.SetLength(handle, length);
        return true;
    }

    private static T Guard<T>(string path, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Explain(path, e);
        }
    }

    /// <summary>What the system's word against a file means for a download.</summary>
    public static DownloadException Explain(string path, Exception exception) => exception.HResult switch
    {
        WouldBlockLinux or WouldBlockMac or SharingViolationWindows =>
            new(DownloadStatus.InUse, $"{path} is in use: another pull of the same file is running."),
        NoSpaceUnix or NoSpaceWindows => new(DownloadStatus.NoSpace, $"{Path.GetDirectoryName(path)} is full; what arrived is kept."),
        _ => new(DownloadStatus.NotWritable, $"{path} cannot be written or read: {exception.Message}"),
    };
}
