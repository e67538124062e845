namespace InferenceServer.Telemetry.Roofline;

/// <summary>How many bytes a second the machine's memory can give at most, by its maker's word.</summary>
/// <param name="BytesPerSecond">Null if unknown.</param>
/// <param name="Source">Where it is from, or why it is unknown: a label.</param>
public sealed record NominalBandwidth(double? BytesPerSecond, string Source)
{
    // GB/s (10^9) of M1, M2, ... by tier, as published. Sources and doubts: Mesh-LLM's membench-fingerprint.swift; the exact values of the buses are up to
    // 2.4 % above the published ones. There are no M4 Ultra and no M5 Ultra figures.
    private static readonly Dictionary<string, double> Chips = new(StringComparer.Ordinal)
    {
        ["M1"] = 68.25,
        ["M1 Pro"] = 200,
        ["M1 Max"] = 400,
        ["M1 Ultra"] = 800,
        ["M2"] = 100,
        ["M2 Pro"] = 200,
        ["M2 Max"] = 400,
        ["M2 Ultra"] = 800,
        ["M3"] = 100,
        ["M3 Pro"] = 150,
        ["M3 Ultra"] = 819,
        ["M4"] = 120,
        ["M4 Pro"] = 273,
        ["M5"] = 153,
        ["M5 Pro"] = 307,
    };

    // Sold with two buses: the narrow one goes with so many cores, the wide one with more.
    private static readonly Dictionary<string, (int NarrowCpu, int NarrowGpu, double Narrow, double Wide)> Split = new(StringComparer.Ordinal)
    {
        ["M3 Max"] = (14, 30, 300, 400),
        ["M4 Max"] = (14, 32, 410, 546),
        ["M5 Max"] = (0, 32, 460, 614), // both have as many CPU cores: only the GPU's tell
    };

    /// <summary>The operator's figure, or the table's for this machine.</summary>
    /// <param name="configured">GB/s; null if not set.</param>
    public static NominalBandwidth Find(double? configured) => Find(configured, MachineChip.Find());

    internal static NominalBandwidth Find(double? configured, MachineChip? chip)
    {
        if (configured is { } value)
        {
            return new NominalBandwidth(value * 1e9, "configured");
        }

        if (chip is null)
        {
            return new NominalBandwidth(null, "unknown_machine");
        }

        var name = chip.Name.StartsWith("Apple ", StringComparison.Ordinal) ? chip.Name["Apple ".Length..] : chip.Name;
        if (Chips.TryGetValue(name, out var known))
        {
            return new NominalBandwidth(known * 1e9, "table");
        }

        if (!Split.TryGetValue(name, out var split))
        {
            return new NominalBandwidth(null, "unknown_chip");
        }

        bool? isNarrow = chip.GpuCores is { } gpu ? gpu <= split.NarrowGpu
            : chip.CpuCores is { } cpu && split.NarrowCpu > 0 ? cpu <= split.NarrowCpu
            : null;
        return isNarrow is { } narrow
            ? new NominalBandwidth((narrow ? split.Narrow : split.Wide) * 1e9, "table")
            : new NominalBandwidth(null, "ambiguous_chip");
    }
}
