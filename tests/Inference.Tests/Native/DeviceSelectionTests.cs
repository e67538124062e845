using InferenceServer.Inference.Native;

namespace InferenceServer.Inference.Tests.Native;

public sealed class DeviceSelectionTests
{
    private static readonly ComputeDevice Processor = new("CPU", "A processor", ComputeDeviceKind.Cpu, 1, 2, 10);
    private static readonly ComputeDevice Blas = new("BLAS", "Accelerate", ComputeDeviceKind.Accelerator, 0, 0, 11);
    private static readonly ComputeDevice Gpu0 = new("CUDA0", "A card", ComputeDeviceKind.Gpu, 1, 2, 12);
    private static readonly ComputeDevice Gpu1 = new("CUDA1", "Another", ComputeDeviceKind.Gpu, 1, 2, 13);
    private static readonly ComputeDevice Integrated = new("Vulkan0", "On the chip", ComputeDeviceKind.IntegratedGpu, 1, 2, 14);

    [Fact]
    public void Select_AutoInACpuPackage_LeavesTheChoiceToTheLibrary()
    {
        var selection = DeviceSelection.Select("auto", [], [Processor]);
        Assert.Equal(new DeviceSelection(DeviceSelectionStatus.Selected, null, null), selection);
    }

    [Fact]
    public void Select_AutoInAGpuPackageWithAGpu_LeavesTheChoiceToTheLibrary()
    {
        Assert.Equal(DeviceSelectionStatus.Selected, DeviceSelection.Select("auto", ["cuda"], [Gpu0, Processor]).Status);
        Assert.Equal(DeviceSelectionStatus.Selected, DeviceSelection.Select("AUTO", ["vulkan"], [Integrated, Processor]).Status);
    }

    [Fact]
    public void Select_AutoInAGpuPackageWithoutAGpu_IsRefusedInOneLine()
    {
        var selection = DeviceSelection.Select("auto", ["metal"], [Blas, Processor]);
        Assert.Equal(DeviceSelectionStatus.NoGpu, selection.Status);
        Assert.Equal(
            "The libraries are for a GPU (metal), but no working GPU was found. Check its driver, or start with --device cpu.",
            selection.Refusal);
        Assert.Null(selection.Devices);
    }

    [Fact]
    public void Select_CpuInAGpuPackageWithoutAGpu_UsesTheProcessorAlone()
    {
        var selection = DeviceSelection.Select("cpu", ["cuda"], [Processor]);
        Assert.Equal(DeviceSelectionStatus.Selected, selection.Status);
        Assert.Empty(selection.Devices!);
    }

    [Fact]
    public void Select_NameOfAGpu_UsesThatOneAlone()
    {
        var selection = DeviceSelection.Select("cuda1", ["cuda"], [Gpu0, Gpu1, Processor]);
        Assert.Equal(DeviceSelectionStatus.Selected, selection.Status);
        Assert.Equal([Gpu1], selection.Devices!);
    }

    [Fact]
    public void Select_NameOfAnAccelerator_UsesTheProcessorAlone() =>
        Assert.Empty(DeviceSelection.Select("BLAS", ["metal"], [Blas, Processor]).Devices!);

    [Fact]
    public void Select_UnknownName_IsRefusedWithTheNames()
    {
        var selection = DeviceSelection.Select("CUDA7", ["cuda"], [Gpu0, Gpu1, Processor]);
        Assert.Equal(DeviceSelectionStatus.UnknownDevice, selection.Status);
        Assert.Equal("There is no device 'CUDA7'. Devices: cpu, CUDA0, CUDA1.", selection.Refusal);
    }
}
