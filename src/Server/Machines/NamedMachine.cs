using System.Globalization;
using System.Text.RegularExpressions;
using InferenceServer.Inference.Models.Planning;

namespace InferenceServer.Server.Machines;

/// <summary>A machine by its chip and memory: <c>M4 Max 128</c>, <c>M2 Ultra 192 GB</c>, <c>RTX 4090 24</c>.</summary>
internal static partial class NamedMachine
{
    // A CUDA context and its libraries.
    private const long GpuReserve = 512L << 20;

    /// <summary>The machine; null if the name says no chip of the table or no memory.</summary>
    public static Machine? Find(string name)
    {
        var match = Pattern().Match(name);
        if (!match.Success || !int.TryParse(match.Groups[2].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var gigabytes) || gigabytes is 0 or > 16_384)
        {
            return null;
        }

        var chip = ChipTable.Find(match.Groups[1].Value, gigabytes);
        var bytes = (long)gigabytes << 30;
        return chip is null ? null : new Machine
        {
            Name = $"{chip.Name}, {gigabytes} GB",
            Family = FamilyOf(chip),
            Limits = chip.Memory switch
            {
                ChipMemory.Apple => [new("the GPU's share of the memory", AppleWorkingSet.Bytes(gigabytes), IsDevice: true), new("the machine's memory", bytes, IsDevice: false)],
                ChipMemory.Own => [new("the GPU's memory", bytes - GpuReserve, IsDevice: true)],
                _ => [new("the machine's memory", bytes, IsDevice: false)],
            },
            Chip = chip,
            BytesPerSecond = chip.BytesPerSecond,
        };
    }

    private static DeviceFamily FamilyOf(Chip chip) => chip.Memory switch
    {
        ChipMemory.Apple => DeviceFamily.Metal,
        ChipMemory.Own => DeviceFamily.Discrete,
        _ => DeviceFamily.Integrated,
    };

    [GeneratedRegex(@"\A\s*(\S.*?)[\s,]+([0-9]{1,5})\s*(?:GB|GiB)?\s*\z", RegexOptions.IgnoreCase)]
    private static partial Regex Pattern();
}
