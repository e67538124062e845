using System.Text.RegularExpressions;

namespace InferenceServer.Telemetry.Power.MacOS;

/// <summary>
/// Which of IOReport's some hundred channels of group <c>Energy Model</c> to read. They form a tree without saying so (<c>DRAM0</c> lies in
/// <c>AMCC0</c>), so names are matched exactly: adding up whatever contains "CPU" gave 107 W instead of 36 on an M5 Max. Pure.
/// </summary>
internal static partial class EnergyChannels
{
    private const string GpuId = IOReportSource.GpuId;

    /// <summary>The channel to make of a raw one; null if it is not wanted.</summary>
    /// <param name="name">The raw channel's.</param>
    /// <param name="names">Of all raw channels.</param>
    public static PowerChannel? Describe(string name, IReadOnlyCollection<string> names)
    {
        if (name.EndsWith("CPU Energy", StringComparison.Ordinal))
        {
            // One total where there is one; an Ultra has one for each die.
            return name == "CPU Energy" || (DieCpu().IsMatch(name) && !names.Contains("CPU Energy"))
                ? Channel("cpu", DieCpu().Match(name) is { Success: true } die ? $"cpu-{die.Groups[1].Value}" : "cpu", name, LoadSignal.Engine)
                : null;
        }

        // One total even on an Ultra; where it is missing, the parts lack some 3 %.
        if (name == "GPU Energy" || (Gpu().IsMatch(name) && !names.Contains("GPU Energy")))
        {
            return Channel("gpu", name == "GPU Energy" ? "gpu" : Suffix("gpu", name["GPU".Length..]), name, LoadSignal.Utilization) with
            {
                Boundary = EnergyBoundary.Gpu,
                Note = name == "GPU Energy" ? null : "parts of the GPU, about 3 % less than all of it",
            };
        }

        if (Sram().IsMatch(name))
        {
            return Channel("gpu", Suffix("gpu-sram", name["GPU SRAM".Length..]), name, LoadSignal.None) with { Parent = GpuId };
        }

        return Ane().IsMatch(name) ? Channel("npu", Suffix("ane", name["ANE".Length..]), name, LoadSignal.None)
            : Dram().IsMatch(name) ? Channel("memory", Suffix("dram", name["DRAM".Length..]), name, LoadSignal.Engine)
            : null;
    }

    /// <summary>Joules of one unit of a label; null if the label is not known, and the channel then no use.</summary>
    public static double? JoulesPer(string? unit) => unit?.Trim() switch
    {
        "mJ" => 1e-3,
        "uJ" or "µJ" or "μJ" => 1e-6,
        "nJ" => 1e-9,
        "pJ" => 1e-12,
        "J" => 1,
        "kJ" => 1e3,
        _ => null,
    };

    private static PowerChannel Channel(string type, string part, string name, LoadSignal load) => new()
    {
        Id = $"{IOReportSource.Provider}/{part}",
        Type = type,
        Name = name,
        Quantity = PowerQuantity.Energy,
        Load = load,
    };

    private static string Suffix(string part, string number) => number.Length == 0 ? part : $"{part}-{number}";

    [GeneratedRegex(@"^DIE_(\d+)_CPU Energy$")]
    private static partial Regex DieCpu();

    [GeneratedRegex(@"^GPU\d+(_\d+)?$")]
    private static partial Regex Gpu();

    [GeneratedRegex(@"^GPU SRAM(\d+(_\d+)?)?$")]
    private static partial Regex Sram();

    [GeneratedRegex(@"^ANE(\d+(_\d+)?)?$")]
    private static partial Regex Ane();

    [GeneratedRegex(@"^DRAM(\d+(_\d+)?)?$")]
    private static partial Regex Dram();
}
