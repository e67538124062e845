using System.Globalization;

namespace InferenceServer.Telemetry.Memory.Linux;

/// <summary>Memory as Linux tells it below <c>/proc</c>. In a container, pressure is the container's where it has its own.</summary>
internal sealed class LinuxMemory : IMemorySource, IDisposable
{
    private const int PageSize = 4096;
    private readonly long _pageSize = Environment.SystemPageSize;
    private readonly ProcFile _memory;
    private readonly ProcFile _pressure;
    private readonly string _proc;
    private readonly EngineProcess _engine;
    private readonly ProcFile _events;
    private ProcFile _status;
    private ProcFile _stat;
    private int _processId;

    /// <param name="proc">Normally <c>/proc</c>.</param>
    /// <param name="controlGroup">Normally <c>/sys/fs/cgroup</c>.</param>
    /// <param name="engine">Whose numbers a process's are; null for this one's.</param>
    public LinuxMemory(string proc = "/proc", string controlGroup = "/sys/fs/cgroup", EngineProcess? engine = null)
    {
        _proc = proc;
        _engine = engine ?? EngineProcess.Own;
        _processId = Environment.ProcessId;
        var own = Path.Combine(controlGroup, "memory.pressure");
        _memory = new ProcFile(Path.Combine(proc, "meminfo"), 2 * PageSize);
        _pressure = new ProcFile(File.Exists(own) ? own : Path.Combine(proc, "pressure", "memory"), PageSize);
        (_status, _stat) = OpenProcess("self");
        _events = new ProcFile(Path.Combine(proc, "vmstat"), 4 * PageSize);
    }

    /// <inheritdoc/>
    public MemoryReading Read()
    {
        FollowEngine();
        var memory = _memory.Read();
        var total = ProcTexts.FindKilobytes(memory, "MemTotal:"u8);
        var swapTotal = ProcTexts.FindKilobytes(memory, "SwapTotal:"u8);
        var events = _events.Read();
        var status = _status.Read();
        var pressure = _pressure.Read();
        var some = ProcTexts.FindPressure(pressure, "some"u8);
        var all = ProcTexts.FindPressure(pressure, "full"u8);
        var faults = ProcTexts.FindFaults(_stat.Read());
        return new MemoryReading
        {
            Total = total,
            Used = total - ProcTexts.FindKilobytes(memory, "MemAvailable:"u8),
            Locked = ProcTexts.FindKilobytes(memory, "Mlocked:"u8),
            SwapTotal = swapTotal,
            SwapUsed = swapTotal - ProcTexts.FindKilobytes(memory, "SwapFree:"u8),
            SwappedIn = ProcTexts.FindNumber(events, "pswpin"u8) * _pageSize,
            SwappedOut = ProcTexts.FindNumber(events, "pswpout"u8) * _pageSize,
            SomeWaiting = some?.Share,
            SomeWaitingSeconds = some?.Seconds,
            AllWaiting = all?.Share,
            AllWaitingSeconds = all?.Seconds,
            ProcessUsed = ProcTexts.FindKilobytes(status, "RssAnon:"u8) + ProcTexts.FindKilobytes(status, "RssShmem:"u8),
            ProcessLocked = ProcTexts.FindKilobytes(status, "VmLck:"u8),
            ProcessSwapped = ProcTexts.FindKilobytes(status, "VmSwap:"u8),
            MinorFaults = faults?.Minor,
            MajorFaults = faults?.Major,
        };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var file in new[] { _memory, _pressure, _status, _stat, _events })
        {
            file.Dispose();
        }
    }

    private void FollowEngine()
    {
        if (_engine.Id is var id && id != _processId)
        {
            _processId = id;
            _status.Dispose();
            _stat.Dispose();
            (_status, _stat) = OpenProcess(_engine.IsOwn ? "self" : id.ToString(CultureInfo.InvariantCulture));
        }
    }

    private (ProcFile Status, ProcFile Stat) OpenProcess(string name) =>
        (new ProcFile(Path.Combine(_proc, name, "status"), 2 * PageSize), new ProcFile(Path.Combine(_proc, name, "stat"), PageSize));
}
