using System.Buffers.Binary;

namespace InferenceServer.Telemetry.Power.MacOS;

/// <summary>The frequencies of the GPU's states, as the power manager's entry in the registry lists them. </summary>
internal static class FrequencyTable
{
    // Fewer are in use; a table of the processor has some 20 pairs.
    private const int MaxBytes = 1024;

    /// <summary>The GPU's, in hertz and in the order of its states; empty if the registry does not tell.</summary>
    public static IReadOnlyList<double> ReadGpu()
    {
        IReadOnlyList<double> table = [];
        IORegistry.VisitServices("AppleARMIODevice", entry =>
        {
            if (IORegistry.GetName(entry) != "pmgr")
            {
                return true;
            }

            table = Read(entry, "voltage-states9") is { Count: > 0 } states ? states : Read(entry, "voltage-states9-sram");
            return false;
        });
        return table;
    }

    /// <summary>Pairs of frequency and voltage, 4 bytes each; the first pair may be zero, for off. Pure.</summary>
    public static IReadOnlyList<double> Parse(ReadOnlySpan<byte> bytes)
    {
        var table = new List<double>();
        for (; bytes.Length >= 8; bytes = bytes[8..])
        {
            var value = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
            if (value == 0 && table.Count == 0)
            {
                continue;
            }

            // Hertz; kilohertz on newer processors, whose frequencies in hertz would not fit.
            table.Add(value >= 100_000_000 ? value : value >= 100_000 ? value * 1e3 : value * 1e6);
        }

        return table;
    }

    private static IReadOnlyList<double> Read(uint entry, string property)
    {
        using var key = CFObject.Text(property);
        using var data = IORegistry.GetProperty(entry, key);
        Span<byte> bytes = stackalloc byte[MaxBytes];
        return data is null ? [] : Parse(bytes[..CFObject.ReadData(data.Value, bytes)]);
    }
}
