using InferenceServer.Telemetry.Memory.Linux;
using InferenceServer.Telemetry.Power;

namespace InferenceServer.Telemetry.Memory;

/// <summary>
/// How much of the model's files is in memory, of what the engine has mapped of them. A page that is not must be read from the disk before the
/// next step that needs it. One thread at a time.
/// </summary>
internal sealed class ModelResidency : IDisposable
{
    private readonly IReadOnlyList<string> _files;
    private readonly ResidencyScan _scan = new(Environment.SystemPageSize, static (start, length, pages) => PosixApi.mincore(start, (nuint)length, pages) == 0);
    private readonly List<AddressRange> _ownMappings = [];
    private readonly EngineProcess _engine;

    /// <param name="files">Full paths of the model's shards.</param>
    /// <param name="engine">Who has mapped them; null for this process.</param>
    public ModelResidency(IReadOnlyList<string> files, EngineProcess? engine = null)
    {
        _files = files;
        _engine = engine ?? EngineProcess.Own;
    }

    /// <summary>Bytes in memory; meaningless if <see cref="Fault"/> is set.</summary>
    public double Resident { get; private set; }

    /// <summary>Bytes that the engine has mapped; meaningless if <see cref="Fault"/> is set.</summary>
    public double Mapped { get; private set; }

    /// <summary>Why it is not known; None if it is.</summary>
    public ChannelFault Fault { get; private set; } = ChannelFault.Starting;

    /// <summary>Looks again.</summary>
    public void Update()
    {
        if (!OperatingSystem.IsLinux() && !OperatingSystem.IsMacOS())
        {
            Fault = ChannelFault.NotSupported;
            return;
        }

        var ranges = !OperatingSystem.IsLinux() ? MapFiles() : _engine.IsOwn ? FindMappings() : FindMappingsOf(_engine.Id);

        // Weights that were copied to a device, or read without mapping, are not found: their files may leave memory without harm.
        if (ranges.Count == 0)
        {
            Fault = ChannelFault.NotFound;
        }
        else if (OperatingSystem.IsLinux() && !_files.All(MayLook))
        {
            Fault = ChannelFault.Permission;
        }
        else if (_scan.CountResident(ranges) is { } resident)
        {
            (Resident, Mapped, Fault) = (resident, ranges.Sum(range => range.Length), ChannelFault.None);
        }
        else
        {
            // Unmapped between the two looks.
            Fault = ChannelFault.Failed;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var range in _ownMappings)
        {
            _ = PosixApi.munmap((nint)range.Start, (nuint)range.Length);
        }

        _ownMappings.Clear();
    }

    // Since 5.2 Linux answers "all of it" to whoever neither owns the file nor may write to it.
    private static bool MayLook(string file)
    {
        if (PosixApi.access(file, PosixApi.Writable) == 0)
        {
            return true;
        }

        var descriptor = PosixApi.open(file, PosixApi.LinuxNoAccessTime);
        return descriptor >= 0 && PosixApi.close(descriptor) == 0;
    }

    private List<AddressRange> FindMappings()
    {
        var ranges = new List<AddressRange>();
        foreach (var line in File.ReadLines("/proc/self/maps"))
        {
            foreach (var file in _files)
            {
                if (ProcTexts.FindMapping(line, file) is { } range)
                {
                    ranges.Add(range);
                }
            }
        }

        return ranges;
    }

    // What another process has mapped is looked at through a mapping of our own: the kernel keeps a file's pages once for all.
    private List<AddressRange> FindMappingsOf(int process)
    {
        var ranges = new List<AddressRange>();
        try
        {
            foreach (var line in File.ReadLines($"/proc/{process}/maps"))
            {
                for (var file = 0; file < _files.Count; file++)
                {
                    if (ProcTexts.FindMappedPart(line, _files[file]) is { } part && MapFiles() is { Count: > 0 } own && part.Start < own[file].Length)
                    {
                        ranges.Add(new AddressRange(own[file].Start + part.Start, Math.Min(part.Length, own[file].Length - part.Start)));
                    }
                }
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It has ended meanwhile; the next look finds the next one.
            return [];
        }

        return ranges;
    }

    // macOS has no list of mappings to read, and keeps a file's pages for all who map it: a mapping of our own tells the same, and costs addresses only.
    private List<AddressRange> MapFiles()
    {
        for (var i = _ownMappings.Count; i < _files.Count; i++)
        {
            using var file = File.OpenHandle(_files[i], FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var length = RandomAccess.GetLength(file);
            var start = PosixApi.mmap(0, (nuint)length, PosixApi.Read, PosixApi.Shared, file, 0);
            if (start == -1)
            {
                return [];
            }

            _ownMappings.Add(new AddressRange(start, length));
        }

        return _ownMappings;
    }
}
