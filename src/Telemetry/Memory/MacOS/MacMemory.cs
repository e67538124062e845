using System.Buffers.Binary;
using System.Runtime.InteropServices;
using InferenceServer.Telemetry.Power;

namespace InferenceServer.Telemetry.Memory.MacOS;

/// <summary>Memory as macOS tells it, without privilege.</summary>
internal sealed class MacMemory : IMemorySource
{
    // Newer systems have more fields, and refuse to write fewer than they have.
    private const int StatisticsBytes = 1024;

    // For a process without windows Metal only finds the GPU when this is loaded.
    private const string CoreGraphics = "/System/Library/Frameworks/CoreGraphics.framework/CoreGraphics";

    private readonly byte[] _bytes = new byte[StatisticsBytes];
    private readonly uint _host;
    private readonly nint _gpu;
    private readonly nint _recommended;
    private readonly nint _allocated;

    private readonly EngineProcess _engine;

    private MacMemory(EngineProcess engine)
    {
        _engine = engine;
        _host = MacMemoryApi.mach_host_self();
        _ = NativeLibrary.TryLoad(CoreGraphics, out _);
        if (SystemLibraries.TryLoad(SystemLibraries.Metal) && SystemLibraries.TryLoad(SystemLibraries.ObjectiveC))
        {
            _gpu = MacMemoryApi.MTLCreateSystemDefaultDevice();
            _recommended = MacMemoryApi.sel_registerName("recommendedMaxWorkingSetSize");
            _allocated = MacMemoryApi.sel_registerName("currentAllocatedSize");
        }
    }

    /// <summary>Opens it; null if this is not macOS.</summary>
    /// <param name="engine">Whose numbers a process's are; null for this one's. Not run on hardware for another.</param>
    public static MacMemory? TryOpen(EngineProcess? engine = null) =>
        (OperatingSystem.IsMacOS() || SystemLibraries.IsReplaced(SystemLibraries.MacSystem)) && SystemLibraries.TryLoad(SystemLibraries.MacSystem) ? new MacMemory(engine ?? EngineProcess.Own) : null;

    /// <inheritdoc/>
    public MemoryReading Read()
    {
        var pageSize = ReadNumber("hw.pagesize") ?? Environment.SystemPageSize;
        var memory = ReadVirtualMemory();
        var usage = ReadUsage();
        var (swapTotal, swapUsed) = ReadSwap();
        return new MemoryReading
        {
            Total = ReadNumber("hw.memsize"),
            Used = memory?.Used * pageSize,
            Locked = memory?.Wired * pageSize,
            Compressed = memory?.Compressor * pageSize,
            SwapTotal = swapTotal,
            SwapUsed = swapUsed,
            SwappedIn = memory?.SwappedIn * pageSize,
            SwappedOut = memory?.SwappedOut * pageSize,
            PressureLevel = ReadNumber("kern.memorystatus_vm_pressure_level") switch
            {
                1 => 0,
                2 => 1,
                4 => 2,
                _ => null,
            },
            ProcessUsed = usage?.Footprint,
            ProcessLocked = usage?.Wired,
            MajorFaults = usage?.PageIns,
            RecommendedWorkingSet = ReadGpu(_recommended),
            WorkingSet = ReadGpu(_allocated),
        };
    }

    private long? ReadGpu(nint selector) => _gpu != 0 && selector != 0 && (long)MacMemoryApi.objc_msgSend(_gpu, selector) is >= 0 and var bytes ? bytes : null;

    private VirtualMemory? ReadVirtualMemory()
    {
        var count = (uint)(_bytes.Length / sizeof(int));
        return MacMemoryApi.host_statistics64(_host, MacMemoryApi.VirtualMemory64, _bytes, ref count) == 0
            ? VirtualMemory.Read(_bytes.AsSpan(0, (int)Math.Min(_bytes.Length, count * sizeof(int))))
            : null;
    }

    private ProcessUsage? ReadUsage() =>
        MacMemoryApi.proc_pid_rusage(_engine.Id, MacMemoryApi.UsageVersion0, _bytes) == 0 ? ProcessUsage.Read(_bytes) : null;

    // struct xsw_usage: total, available, used.
    private (long? Total, long? Used) ReadSwap() => Read("vm.swapusage") is >= 24
        ? (BinaryPrimitives.ReadInt64LittleEndian(_bytes), BinaryPrimitives.ReadInt64LittleEndian(_bytes.AsSpan(16)))
        : (null, null);

    private long? ReadNumber(string name) => Read(name) switch
    {
        sizeof(int) => BinaryPrimitives.ReadUInt32LittleEndian(_bytes),
        sizeof(long) => BinaryPrimitives.ReadInt64LittleEndian(_bytes),
        _ => null,
    };

    private int Read(string name)
    {
        nuint size = (nuint)_bytes.Length;
        return MacMemoryApi.sysctlbyname(name, _bytes, ref size, 0, 0) == 0 ? (int)size : 0;
    }
}
