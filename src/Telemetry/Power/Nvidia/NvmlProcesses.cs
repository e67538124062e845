namespace InferenceServer.Telemetry.Power.Nvidia;

/// <summary>
/// What this process and all others had of one GPU. Time is added up from the driver's samples of utilization, so it is an estimate.
/// In a container the driver tells the host's process ids, and this process counts among the others. One thread at a time.
/// </summary>
internal sealed class NvmlProcesses
{
    // Lists of processes take up to 11 ms.
    private const double Interval = 2;

    // A sample covers no more than the last update, and the driver keeps a few seconds.
    private const double MaxSampleSeconds = 10;

    private readonly nint _device;
    private readonly bool _hasTime;
    private readonly bool _hasMemory;
    private readonly EngineProcess _engine;
    private NvmlProcessSample[] _samples = new NvmlProcessSample[64];
    private NvmlProcess[] _processes = new NvmlProcess[64];
    private double _updatedAt = double.NaN;
    private ulong _lastSeen = (ulong)(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() * 1000);
    private (double Self, double Other) _seconds;
    private (double Self, double Other)? _bytes;

    private NvmlProcesses(nint device, EngineProcess engine, bool hasTime, bool hasMemory)
    {
        _engine = engine;
        _device = device;
        _hasTime = hasTime;
        _hasMemory = hasMemory;
    }

    /// <summary>For a device that tells of processes; null if the driver is too old to.</summary>
    public static NvmlProcesses? TryCreate(nint device, EngineProcess engine)
    {
        try
        {
            uint count = 0;
            var time = NvmlApi.nvmlDeviceGetProcessUtilization(device, [], ref count, 0);
            count = 0;
            var memory = NvmlApi.nvmlDeviceGetComputeRunningProcesses_v3(device, ref count, []);
            return new NvmlProcesses(device, engine, IsUsable(time), IsUsable(memory));
        }
        catch (EntryPointNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Asks the driver, if it is time to.</summary>
    public void Update(double now)
    {
        var elapsed = double.IsNaN(_updatedAt) ? 0 : now - _updatedAt;
        if (elapsed < Interval && !double.IsNaN(_updatedAt))
        {
            return;
        }

        _updatedAt = now;
        if (_hasTime)
        {
            UpdateTime(Math.Min(elapsed, MaxSampleSeconds));
        }

        if (_hasMemory)
        {
            UpdateMemory();
        }
    }

    /// <summary>Seconds of the GPU.</summary>
    public PowerReading ReadTime(bool self, double now) => !_hasTime
        ? PowerReading.Missing(ChannelFault.NotSupported)
        : PowerReading.Of(self ? _seconds.Self : _seconds.Other, now);

    /// <summary>Bytes of the GPU's memory.</summary>
    public PowerReading ReadMemory(bool self, double now) => !_hasMemory || _bytes is not { } bytes
        ? PowerReading.Missing(ChannelFault.NotSupported)
        : PowerReading.Of(self ? bytes.Self : bytes.Other, now);

    private static bool IsUsable(NvmlStatus status) => status is NvmlStatus.Success or NvmlStatus.InsufficientSize or NvmlStatus.NotFound;

    private void UpdateTime(double elapsed)
    {
        var count = (uint)_samples.Length;
        var status = NvmlApi.nvmlDeviceGetProcessUtilization(_device, _samples, ref count, _lastSeen);
        if (status == NvmlStatus.InsufficientSize)
        {
            _samples = new NvmlProcessSample[count * 2];
            count = (uint)_samples.Length;
            status = NvmlApi.nvmlDeviceGetProcessUtilization(_device, _samples, ref count, _lastSeen);
        }

        if (status != NvmlStatus.Success)
        {
            return;
        }

        // One sample a process: its mean since the last look.
        foreach (var sample in _samples.AsSpan(0, (int)Math.Min(count, _samples.Length)))
        {
            _lastSeen = Math.Max(_lastSeen, sample.Timestamp);
            var seconds = Math.Min(sample.Gpu, 100) * elapsed / 100;
            _seconds = sample.ProcessId == _engine.Id ? (_seconds.Self + seconds, _seconds.Other) : (_seconds.Self, _seconds.Other + seconds);
        }
    }

    private void UpdateMemory()
    {
        var count = (uint)_processes.Length;
        var status = NvmlApi.nvmlDeviceGetComputeRunningProcesses_v3(_device, ref count, _processes);
        if (status == NvmlStatus.InsufficientSize)
        {
            _processes = new NvmlProcess[count * 2];
            count = (uint)_processes.Length;
            status = NvmlApi.nvmlDeviceGetComputeRunningProcesses_v3(_device, ref count, _processes);
        }

        _bytes = null;
        if (status != NvmlStatus.Success)
        {
            return;
        }

        var (self, other) = (0.0, 0.0);
        foreach (var process in _processes.AsSpan(0, (int)Math.Min(count, _processes.Length)))
        {
            if (process.UsedMemory == ulong.MaxValue)
            {
                return; // the system does not tell
            }

            (self, other) = process.ProcessId == _engine.Id ? (self + process.UsedMemory, other) : (self, other + process.UsedMemory);
        }

        _bytes = (self, other);
    }
}
