using System.Runtime.InteropServices;

namespace InferenceServer.Inference.Native;

/// <summary>A device that a loaded backend offers. Immutable; lives as long as the process.</summary>
/// <param name="Name">Short name that <c>--device</c> takes, for example <c>CUDA0</c>.</param>
/// <param name="Description">What the vendor calls it.</param>
/// <param name="Kind">What it is good for.</param>
/// <param name="FreeMemory">Bytes free when asked; 0 if the device does not say.</param>
/// <param name="TotalMemory">Bytes; 0 if the device does not say.</param>
/// <param name="Handle">The library's own pointer.</param>
internal sealed record ComputeDevice(string Name, string Description, ComputeDeviceKind Kind, long FreeMemory, long TotalMemory, nint Handle)
{
    /// <summary>A GPU with memory of its own or the machine's.</summary>
    public bool IsGpu => Kind is ComputeDeviceKind.Gpu or ComputeDeviceKind.IntegratedGpu;

    /// <summary>All devices of all loaded backends. The libraries must be loaded.</summary>
    public static unsafe IReadOnlyList<ComputeDevice> Enumerate()
    {
        var count = LlamaApi.ggml_backend_dev_count();
        var devices = new List<ComputeDevice>((int)count);
        for (nuint index = 0; index < count; index++)
        {
            var device = LlamaApi.ggml_backend_dev_get(index);
            nuint free = 0, total = 0;
            LlamaApi.ggml_backend_dev_memory(device, &free, &total);
            devices.Add(new ComputeDevice(
                Marshal.PtrToStringUTF8((nint)LlamaApi.ggml_backend_dev_name(device)) ?? string.Empty,
                Marshal.PtrToStringUTF8((nint)LlamaApi.ggml_backend_dev_description(device)) ?? string.Empty,
                LlamaApi.ggml_backend_dev_type(device),
                (long)free,
                (long)total,
                device));
        }

        return devices;
    }
}

/// <summary><c>ggml_backend_dev_type</c>.</summary>
internal enum ComputeDeviceKind
{
    /// <summary>The processor.</summary>
    Cpu = 0,

    /// <summary>A GPU with memory of its own, and Apple's.</summary>
    Gpu = 1,

    /// <summary>A GPU that uses the machine's memory.</summary>
    IntegratedGpu = 2,

    /// <summary>Helps the processor (BLAS, AMX); never chosen by itself.</summary>
    Accelerator = 3,

    /// <summary>Several devices behind one face.</summary>
    Meta = 4,
}
