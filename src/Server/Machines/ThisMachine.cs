using InferenceServer.Inference;
using InferenceServer.Inference.Models.Planning;

namespace InferenceServer.Server.Machines;

/// <summary>Reads what this machine has.</summary>
internal static class ThisMachine
{
    /// <summary>The machine as the options use it. Loads the native libraries.</summary>
    public static Machine Read(InferenceOptions options, ILogger logger) => Read(PlanDevice.Select(options, logger));

    /// <summary>The machine as the options use it, without loading anything native into this process.</summary>
    public static Machine ReadFromOutside(InferenceOptions options) => Read(ProbedDevices.Select(options));

    private static Machine Read(IReadOnlyList<PlanDevice> devices)
    {
        var chip = FindChip(devices);

        // Where the device does not say, the machine's limits must do.
        var deviceBytes = devices.Sum(device => device.Bytes);
        var gpus = deviceBytes == 0 ? [] : (MemoryLimit[])[new(devices[0].Family == DeviceFamily.Metal ? "the GPU's share of the memory" : "the GPU's free memory", deviceBytes, IsDevice: true)];
        return new Machine
        {
            Name = devices.Count > 0 ? devices[0].Description : ProcessorName() ?? "this processor",
            Family = devices.Count > 0 ? devices[0].Family : DeviceFamily.Cpu,
            Limits = [.. gpus, .. OperatingSystem.IsMacOS() ? MacMemory.ReadLimits() : new LinuxMemory().ReadLimits()],
            Chip = chip,
            BytesPerSecond = chip?.BytesPerSecond,
        };
    }

    /// <summary>The machine's chip in the table, the GPU's if one is used; null if it is not there.</summary>
    /// <param name="devices">The GPUs in use.</param>
    public static Chip? FindChip(IReadOnlyList<PlanDevice> devices) =>
        (devices.Count > 0 ? devices[0].Description : ProcessorName()) is { } name ? ChipTable.Find(name, MemoryGigabytes()) : null;

    /// <summary>Bytes of memory that the machine has, whatever this process is allowed of it.</summary>
    public static long TotalMemory() => new LinuxMemory().ReadTotal() ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    private static int MemoryGigabytes() => (int)Math.Round(TotalMemory() / (double)(1L << 30));

    // On macOS the GPU's name is the chip's, and there always is one. ARM's processors have no name in this file.
    private static string? ProcessorName()
    {
        const string Field = "model name";
        try
        {
            return File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith(Field, StringComparison.Ordinal))?.Split(':', 2)[1].Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
