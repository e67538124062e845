using System.Globalization;
using System.Xml;

namespace InferenceServer.Telemetry.Power.MacOS;

/// <summary>One sample of <c>powermetrics</c>. Null is what the sample does not tell.</summary>
internal sealed record PowermetricsSample
{
    private const double Milli = 1e-3, Mega = 1e6;

    /// <summary>Seconds that the sample covers.</summary>
    public required double Seconds { get; init; }

    /// <summary>Joules of the processor's cores.</summary>
    public double? CpuJoules { get; init; }

    /// <summary>Joules of the GPU.</summary>
    public double? GpuJoules { get; init; }

    /// <summary>Joules of the neural engine.</summary>
    public double? AneJoules { get; init; }

    /// <summary>Share of the time in which the GPU was in use.</summary>
    public double? GpuActive { get; init; }

    /// <summary>Hertz of the GPU.</summary>
    public double? GpuFrequency { get; init; }

    /// <summary>0 nominal, 1 moderate, 2 heavy, 3 trapping, 4 sleeping.</summary>
    public double? ThermalPressure { get; init; }

    /// <summary>Reads a document; null if it is none.</summary>
    /// <remarks>
    /// By hand, because the documents are not quite what they should be: keys come twice (the first counts), numbers are <c>nan</c>, and the
    /// GPU's <c>freq_hz</c> is in megahertz.
    /// </remarks>
    public static PowermetricsSample? Parse(string document)
    {
        try
        {
            using var reader = XmlReader.Create(
                new StringReader(document), new XmlReaderSettings { DtdProcessing = DtdProcessing.Ignore, XmlResolver = null, IgnoreWhitespace = true, IgnoreComments = true });
            return reader.ReadToFollowing("dict") && ReadDictionary(reader) is { } root ? From(root) : null;
        }
        catch (XmlException)
        {
            return null;
        }
    }

    private static PowermetricsSample? From(Dictionary<string, object?> root)
    {
        if (Number(root, "elapsed_ns") is not { } nanoseconds || nanoseconds <= 0)
        {
            return null;
        }

        var processor = root.GetValueOrDefault("processor") as Dictionary<string, object?>;
        var gpu = root.GetValueOrDefault("gpu") as Dictionary<string, object?>;
        return new PowermetricsSample
        {
            Seconds = nanoseconds * 1e-9,
            CpuJoules = Number(processor, "cpu_energy") * Milli,
            GpuJoules = (Number(processor, "gpu_energy") ?? Number(gpu, "gpu_energy")) * Milli,
            AneJoules = Number(processor, "ane_energy") * Milli,
            GpuActive = 1 - Number(gpu, "idle_ratio"),
            GpuFrequency = Number(gpu, "freq_hz") * Mega,
            ThermalPressure = (root.GetValueOrDefault("thermal_pressure") as string)?.Trim() switch
            {
                "Nominal" => 0,
                "Light" or "Moderate" => 1,
                "Heavy" or "Critical" => 2,
                "Trapping" => 3,
                "Sleeping" => 4,
                _ => null,
            },
        };
    }

    private static double? Number(Dictionary<string, object?>? dictionary, string key) =>
        dictionary?.GetValueOrDefault(key) is string text
        && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value)
            ? value
            : null;

    // Stands on <dict>, and afterwards behind </dict>. Texts and numbers are texts; lists are left out, since nothing here needs one.
    private static Dictionary<string, object?> ReadDictionary(XmlReader reader)
    {
        var dictionary = new Dictionary<string, object?>(StringComparer.Ordinal);
        if (reader.IsEmptyElement)
        {
            reader.Read();
            return dictionary;
        }

        reader.Read();
        while (reader.NodeType == XmlNodeType.Element)
        {
            if (reader.Name != "key")
            {
                reader.Skip();
                continue;
            }

            var key = reader.ReadElementContentAsString();
            object? value = null;
            switch (reader.Name)
            {
                case "dict":
                    value = ReadDictionary(reader);
                    break;
                case "integer" or "real" or "string":
                    value = reader.ReadElementContentAsString();
                    break;
                default:
                    reader.Skip();
                    break;
            }

            dictionary.TryAdd(key, value);
        }

        reader.Read();
        return dictionary;
    }
}
