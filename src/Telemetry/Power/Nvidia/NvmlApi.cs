using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace InferenceServer.Telemetry.Power.Nvidia;

/// <summary>
/// NVIDIA's management library, as far as it is used. Every function returns <see cref="NvmlStatus"/>; a device is an opaque pointer that
/// lives until shutdown. Reading needs no privilege. Any thread.
/// </summary>
internal static partial class NvmlApi
{
    /// <summary>Counted: every successful one needs a shutdown.</summary>
    [LibraryImport(SystemLibraries.Nvml), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial NvmlStatus nvmlInit_v2();

    [LibraryImport(SystemLibraries.Nvml), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial NvmlStatus nvmlShutdown();

    /// <summary>A sentence, zero-terminated, never freed.</summary>
    [LibraryImport(SystemLibraries.Nvml), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial nint nvmlErrorString(NvmlStatus status);

    [LibraryImport(SystemLibraries.Nvml), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial NvmlStatus nvmlDeviceGetCount_v2(out uint count);

    [LibraryImport(SystemLibraries.Nvml), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial NvmlStatus nvmlDeviceGetHandleByIndex_v2(uint index, out nint device);

    /// <summary>At most 96 bytes, the terminator included.</summary>
    [LibraryImport(SystemLibraries.Nvml), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial NvmlStatus nvmlDeviceGetName(nint device, Span<byte> name, uint length);

    /// <summary>At most 96 bytes, the terminator included. Stays the same from boot to boot, unlike the index.</summary>
    [LibraryImport(SystemLibraries.Nvml), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial NvmlStatus nvmlDeviceGetUUID(nint device, Span<byte> uuid, uint length);

    /// <summary>Milliwatts; on Ampere and newer, except GA100, the mean of a second.</summary>
    [LibraryImport(SystemLibraries.Nvml), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial NvmlStatus nvmlDeviceGetPowerUsage(nint device, out uint milliwatts);

    /// <summary>Millijoules since the driver was loaded; from Volta on.</summary>
    [LibraryImport(SystemLibraries.Nvml), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial NvmlStatus nvmlDeviceGetTotalEnergyConsumption(nint device, out ulong millijoules);

    /// <summary>Percent of the last 1/6 to 1 s in which a kernel ran, or memory was read or written.</summary>
    [LibraryImport(SystemLibraries.Nvml), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial NvmlStatus nvmlDeviceGetUtilizationRates(nint device, out NvmlUtilization utilization);

    /// <summary>Not supported where the GPU uses the machine's memory.</summary>
    [LibraryImport(SystemLibraries.Nvml), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial NvmlStatus nvmlDeviceGetMemoryInfo(nint device, out NvmlMemory memory);

    /// <summary>Degrees Celsius; sensor 0 is the GPU.</summary>
    [LibraryImport(SystemLibraries.Nvml), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial NvmlStatus nvmlDeviceGetTemperature(nint device, int sensor, out uint degrees);

    /// <summary>MHz; type 0 is graphics.</summary>
    [LibraryImport(SystemLibraries.Nvml), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial NvmlStatus nvmlDeviceGetClockInfo(nint device, int type, out uint megahertz);

    /// <summary>A bit for each reason; see <see cref="NvmlSource"/>.</summary>
    [LibraryImport(SystemLibraries.Nvml), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial NvmlStatus nvmlDeviceGetCurrentClocksThrottleReasons(nint device, out ulong reasons);

    /// <summary>Processes that were active since a moment; <see cref="NvmlStatus.NotFound"/> if none was.</summary>
    /// <param name="device">Of which.</param>
    /// <param name="samples">Filled.</param>
    /// <param name="count">In: the space; out: the samples there, or the space needed.</param>
    /// <param name="lastSeen">Microseconds since 1970: the newest timestamp of the call before.</param>
    [LibraryImport(SystemLibraries.Nvml), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial NvmlStatus nvmlDeviceGetProcessUtilization(nint device, Span<NvmlProcessSample> samples, ref uint count, ulong lastSeen);

    /// <summary>Processes that hold memory of the device for computing.</summary>
    [LibraryImport(SystemLibraries.Nvml), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial NvmlStatus nvmlDeviceGetComputeRunningProcesses_v3(nint device, ref uint count, Span<NvmlProcess> processes);
}

/// <summary><c>nvmlUtilization_t</c>: percent.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NvmlUtilization
{
    public uint Gpu;
    public uint Memory;
}

/// <summary><c>nvmlMemory_t</c>: bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NvmlMemory
{
    public ulong Total;
    public ulong Free;
    public ulong Used;
}

/// <summary><c>nvmlProcessUtilizationSample_t</c>: percent.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NvmlProcessSample
{
    public uint ProcessId;

    /// <summary>Microseconds since 1970.</summary>
    public ulong Timestamp;

    public uint Gpu;
    public uint Memory;
    public uint Encoder;
    public uint Decoder;
}

/// <summary><c>nvmlProcessInfo_t</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NvmlProcess
{
    public uint ProcessId;

    /// <summary>Bytes; all ones where the system does not tell.</summary>
    public ulong UsedMemory;

    public uint GpuInstance;
    public uint ComputeInstance;
}
