using InferenceServer.Inference.Native;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Inference.Models.Planning;

/// <summary>A device that would compute with an operator's options.</summary>
/// <param name="Description">What its vendor calls it.</param>
/// <param name="Family">What it means for memory.</param>
/// <param name="Bytes">Memory that it may use: Metal's recommended working set, or what is free of a GPU's own.</param>
public sealed record PlanDevice(string Description, DeviceFamily Family, long Bytes)
{
    // The names that ggml's Metal backend gives: MTL0 and so on.
    private const string MetalPrefix = "MTL";

    /// <summary>
    /// The GPUs that the options select; empty where the processor computes, and where the libraries do not load or the options
    /// name no device that there is, which the engine will say. Loads the libraries into the process.
    /// </summary>
    public static IReadOnlyList<PlanDevice> Select(InferenceOptions options, ILogger logger)
    {
        try
        {
            var folder = NativeLibraries.Load(folder: null, logger);
            var found = ComputeDevice.Enumerate();
            var selected = DeviceSelection.Select(options.Device, folder.GpuKinds, found);
            return options.GpuLayers == 0 || selected.Status != DeviceSelectionStatus.Selected
                ? []
                : [.. (selected.Devices ?? found).Where(device => device.IsGpu).Select(Describe)];
        }
        catch (NativeLibraryException)
        {
            return [];
        }
    }

    private static PlanDevice Describe(ComputeDevice device)
    {
        var isMetal = device.Name.StartsWith(MetalPrefix, StringComparison.Ordinal);
        var family = isMetal ? DeviceFamily.Metal : device.Kind == ComputeDeviceKind.IntegratedGpu ? DeviceFamily.Integrated : DeviceFamily.Discrete;
        return new PlanDevice(device.Description, family, isMetal ? device.TotalMemory : device.FreeMemory);
    }
}
