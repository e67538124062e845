using InferenceServer.Inference.Native;
using Microsoft.Extensions.Logging.Abstractions;

namespace InferenceServer.Inference.Engine;

/// <summary>What of llama.cpp is here, and what it finds to compute on. Immutable.</summary>
public sealed record ComputeLibraries
{
    /// <summary>Where the libraries are; null if they are not, or do not load.</summary>
    public string? Folder { get; private init; }

    /// <summary>Backends for GPUs among them, for example <c>metal</c>; empty in a package for the processor alone.</summary>
    public IReadOnlyList<string> GpuKinds { get; private init; } = [];

    /// <summary>What they compute on.</summary>
    public IReadOnlyList<FoundDevice> Devices { get; private init; } = [];

    /// <summary>Why the engine would not start with them, in one line; null if it would.</summary>
    public string? Failure { get; private init; }

    /// <summary>The release that this program goes with.</summary>
    public static string Version => NativeLibraries.Version;

    /// <summary>True if there is a backend for a GPU among them; loads nothing.</summary>
    public static bool HasGpuKinds()
    {
        try
        {
            return NativeLibraryFolder.Find(folder: null).GpuKinds.Count > 0;
        }
        catch (NativeLibraryException)
        {
            return false;
        }
    }

    /// <summary>Loads them into the process, for good, and looks.</summary>
    /// <param name="device"><see cref="InferenceOptions.Device"/>.</param>
    public static ComputeLibraries Look(string device)
    {
        try
        {
            var folder = NativeLibraries.Load(folder: null, NullLogger.Instance);
            var found = ComputeDevice.Enumerate();
            return new ComputeLibraries
            {
                Folder = folder.Path,
                GpuKinds = folder.GpuKinds,
                Devices = [.. found.Select(each => new FoundDevice(each.Name, each.Description, each.IsGpu, each.FreeMemory, each.TotalMemory))],
                Failure = DeviceSelection.Select(device, folder.GpuKinds, found).Refusal,
            };
        }
        catch (NativeLibraryException exception)
        {
            return new ComputeLibraries { Failure = exception.Message };
        }
    }
}

/// <summary>A device.</summary>
/// <param name="Name">As the option <c>--device</c> takes it.</param>
/// <param name="Description">What its vendor calls it.</param>
/// <param name="IsGpu">With memory of its own or the machine's.</param>
/// <param name="FreeMemory">Bytes free now; 0 if it does not say.</param>
/// <param name="TotalMemory">Bytes; 0 if it does not say.</param>
public sealed record FoundDevice(string Name, string Description, bool IsGpu, long FreeMemory, long TotalMemory);
