namespace InferenceServer.Telemetry.Power.Linux;

/// <summary>One file of a chip and what its number means.</summary>
/// <param name="Channel">What it measures.</param>
/// <param name="FileName">Where.</param>
/// <param name="Unit">What 1 in the file stands for, in the quantity's unit.</param>
internal sealed record HwmonSensor(PowerChannel Channel, string FileName, double Unit)
{
    // Sensors of one chip are numbered from 1; none has more that matter here.
    private const int MaxSensors = 16;
    private const double Micro = 1e-6, Milli = 1e-3, Percent = 1e-2;

    /// <summary>The sensors of a chip that tell watts or joules, and what belongs to them.</summary>
    /// <param name="folder">Such as <c>/sys/class/hwmon/hwmon3</c>.</param>
    public static IEnumerable<HwmonSensor> Find(string folder)
    {
        var chip = SysfsText.Read(Path.Combine(folder, "name")) ?? "unnamed";
        var id = $"{HwmonSource.Provider}/{chip}-{DeviceOf(folder)}";
        return chip switch
        {
            "amdgpu" => FindGpu(folder, id, chip),
            "xe" or "i915" => FindIntelGpu(folder, id, chip),
            _ => FindOthers(folder, id, chip),
        };
    }

    private static IEnumerable<HwmonSensor> FindGpu(string folder, string id, string chip)
    {
        var power = FirstThere(folder, "power1_average", "power1_input");
        if (power is null)
        {
            yield break;
        }

        var device = Path.Combine(folder, "device");
        var gpu = new PowerChannel { Id = id, Type = "gpu", Name = chip, Quantity = PowerQuantity.Power };
        yield return new HwmonSensor(gpu with { Boundary = EnergyBoundary.Gpu, Note = "of the socket: on an APU it includes the processor" }, power, Micro);
        foreach (var (quantity, file, unit) in new[]
        {
            (PowerQuantity.Utilization, Path.Combine(device, "gpu_busy_percent"), Percent),
            (PowerQuantity.MemoryUsage, Path.Combine(device, "mem_info_vram_used"), 1),
            (PowerQuantity.MemoryLimit, Path.Combine(device, "mem_info_vram_total"), 1),
            (PowerQuantity.Temperature, Path.Combine(folder, "temp1_input"), Milli),
        })
        {
            if (File.Exists(file))
            {
                yield return new HwmonSensor(gpu with { Quantity = quantity }, file, unit);
            }
        }
    }

    // energy1 is the whole card, energy2 the package on it.
    private static IEnumerable<HwmonSensor> FindIntelGpu(string folder, string id, string chip)
    {
        if (FirstThere(folder, "energy1_input", "energy2_input") is { } file)
        {
            yield return new HwmonSensor(
                new PowerChannel { Id = id, Type = "gpu", Name = chip, Quantity = PowerQuantity.Energy, Boundary = EnergyBoundary.Gpu }, file, Micro);
        }
    }

    private static IEnumerable<HwmonSensor> FindOthers(string folder, string id, string chip)
    {
        for (var i = 1; i <= MaxSensors; i++)
        {
            if (FirstThere(folder, $"power{i}_average", $"power{i}_input") is { } power)
            {
                var label = SysfsText.Read(Path.Combine(folder, $"power{i}_label"));
                yield return new HwmonSensor(Describe(id, chip, label, i) with { Quantity = PowerQuantity.Power }, power, Micro);
            }

            // amd_energy, outside the kernel since 2021: cores and sockets by label.
            if (chip == "amd_energy" && FirstThere(folder, $"energy{i}_input") is { } energy
                && SysfsText.Read(Path.Combine(folder, $"energy{i}_label")) is { } socket && socket.StartsWith("Esocket", StringComparison.Ordinal))
            {
                yield return new HwmonSensor(
                    new PowerChannel
                    {
                        Id = $"{id}/{socket}",
                        Type = "cpu",
                        Name = socket,
                        Quantity = PowerQuantity.Energy,
                        Boundary = EnergyBoundary.Cpu,
                        Load = LoadSignal.Engine,
                    },
                    energy,
                    Micro);
            }
        }
    }

    private static PowerChannel Describe(string id, string chip, string? label, int index)
    {
        var channel = new PowerChannel { Id = $"{id}/power{index}", Type = "power_supply", Name = label ?? chip, Quantity = PowerQuantity.Power };
        return chip switch
        {
            "power_meter" => channel with { Type = "host", Boundary = EnergyBoundary.System, Note = "the server's own meter, through ACPI" },
            "amd_hsmp_hwmon" => channel with { Type = "cpu", Boundary = EnergyBoundary.Cpu },
            _ => channel with { Note = "a chip this server does not know: shown, and counted for nothing" },
        };
    }

    // The address on the bus stays the same from boot to boot; hwmon's number does not.
    private static string DeviceOf(string folder)
    {
        try
        {
            var target = new DirectoryInfo(Path.Combine(folder, "device")).ResolveLinkTarget(returnFinalTarget: true);
            return Path.GetFileName(target?.FullName ?? folder);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Path.GetFileName(folder);
        }
    }

    private static string? FirstThere(string folder, params string[] names) =>
        names.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
}
