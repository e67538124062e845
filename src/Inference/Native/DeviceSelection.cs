namespace InferenceServer.Inference.Native;

/// <summary>Which devices a model's weights go to.</summary>
/// <param name="Status">Whether there is a choice.</param>
/// <param name="Devices">The devices; null lets the library take all GPUs, an empty list is the processor alone.</param>
/// <param name="Refusal">One line for an operator; null if <see cref="DeviceSelectionStatus.Selected"/>.</param>
internal sealed record DeviceSelection(DeviceSelectionStatus Status, IReadOnlyList<ComputeDevice>? Devices, string? Refusal)
{
    /// <summary>Value of <see cref="InferenceOptions.Device"/> that takes the GPUs of a GPU package and the processor of a CPU package.</summary>
    public const string Auto = "auto";

    /// <summary>Value of <see cref="InferenceOptions.Device"/> that uses no GPU even where there is one.</summary>
    public const string Cpu = "cpu";

    /// <summary>
    /// Chooses by name. A package with a GPU backend that found no GPU is refused unless the processor was asked for:
    /// running a large model on the processor by accident looks like a hang.
    /// </summary>
    /// <param name="wanted"><see cref="Auto"/>, <see cref="Cpu"/> or a device's name; case does not matter.</param>
    /// <param name="gpuKinds">GPU backends that the package holds, <see cref="NativeLibraryFolder.GpuKinds"/>.</param>
    /// <param name="found">Devices of the backends that loaded.</param>
    public static DeviceSelection Select(string wanted, IReadOnlyList<string> gpuKinds, IReadOnlyList<ComputeDevice> found)
    {
        if (Is(wanted, Cpu))
        {
            return new DeviceSelection(DeviceSelectionStatus.Selected, [], null);
        }

        if (Is(wanted, Auto))
        {
            return gpuKinds.Count == 0 || found.Any(device => device.IsGpu)
                ? new DeviceSelection(DeviceSelectionStatus.Selected, null, null)
                : new DeviceSelection(
                    DeviceSelectionStatus.NoGpu,
                    null,
                    $"The libraries are for a GPU ({string.Join(", ", gpuKinds)}), but no working GPU was found. Check its driver, or start with --device cpu.");
        }

        var device = found.FirstOrDefault(device => Is(wanted, device.Name));
        return device switch
        {
            null => new DeviceSelection(
                DeviceSelectionStatus.UnknownDevice,
                null,
                $"There is no device '{wanted}'. Devices: {string.Join(", ", found.Select(other => other.Name).Prepend(Cpu).Distinct(StringComparer.OrdinalIgnoreCase))}."),
            { IsGpu: true } => new DeviceSelection(DeviceSelectionStatus.Selected, [device], null),
            _ => new DeviceSelection(DeviceSelectionStatus.Selected, [], null),
        };
    }

    private static bool Is(string wanted, string name) => string.Equals(wanted, name, StringComparison.OrdinalIgnoreCase);
}

/// <summary>Outcomes of <see cref="DeviceSelection.Select"/>.</summary>
internal enum DeviceSelectionStatus
{
    /// <summary>There are devices to use.</summary>
    Selected,

    /// <summary>The package is for GPUs and no GPU works here.</summary>
    NoGpu,

    /// <summary>No device has the name that was asked for.</summary>
    UnknownDevice,
}
