using System.Text.RegularExpressions;
using InferenceServer.Testing;

namespace InferenceServer.Integration.Tests.Metrics;

/// <summary>A row of docs/metrics.md.</summary>
/// <param name="Name">With unit and <c>_total</c>.</param>
/// <param name="Type">In Prometheus' word.</param>
/// <param name="Unit">In people's words; empty for none.</param>
/// <param name="Labels">Their names.</param>
/// <param name="Meaning">A sentence.</param>
/// <param name="IsEverywhere">False for what only some machines or requests have.</param>
internal sealed partial record DocumentedMetric(string Name, string Type, string Unit, string[] Labels, string Meaning, bool IsEverywhere)
{
    // The others count things, or are shares: Prometheus has no word for those.
    private static readonly Dictionary<string, string> Units = new()
    {
        ["s"] = "seconds",
        ["bytes"] = "bytes",
        ["J"] = "joules",
        ["W"] = "watts",
        ["Hz"] = "hertz",
        ["°C"] = "celsius",
        ["bytes/s"] = "bytes_per_second",
        ["tokens/s"] = "per_second",
    };

    /// <summary>The unit in Prometheus' word; null for none.</summary>
    public string? PrometheusUnit => Units.GetValueOrDefault(Unit);

    /// <summary>Family in OpenMetrics.</summary>
    public string OpenFamily => Type == "counter" ? Name[..^"_total".Length] : Name;

    /// <summary>All rows, by name. Throws on a row of a table of metrics that cannot be read.</summary>
    public static async Task<Dictionary<string, DocumentedMetric>> ReadAllAsync()
    {
        var metrics = new Dictionary<string, DocumentedMetric>();
        var (isEverywhere, isTable) = (true, false);
        foreach (var line in await File.ReadAllLinesAsync(Path.Combine(RepositoryFiles.Root, "docs", "metrics.md")))
        {
            isEverywhere = line.StartsWith("## ", StringComparison.Ordinal) ? !line.Contains("Only", StringComparison.Ordinal) : isEverywhere;
            isTable = line.StartsWith("| Metric |", StringComparison.Ordinal) || (isTable && line.StartsWith('|'));
            if (!isTable || !line.StartsWith("| `", StringComparison.Ordinal))
            {
                continue;
            }

            var row = Row().Match(line);
            Assert.True(row.Success, $"Not name, type, unit, labels and meaning: {line}");
            string Cell(string name) => row.Groups[name].Value.Trim();
            metrics.Add(Cell("name"), new DocumentedMetric(Cell("name"), Cell("type"), Cell("unit"), [.. Code().Matches(Cell("labels")).Select(label => label.Groups[1].Value)], Cell("meaning"), isEverywhere));
        }

        return metrics;
    }

    [GeneratedRegex(@"^\| `(?<name>[a-z][a-zA-Z0-9_:]*)` \| (?<type>counter|gauge|histogram) \|(?<unit>[^|]*)\|(?<labels>[^|]*)\|(?<meaning>[^|]*[^| ][^|]*)\|$")]
    private static partial Regex Row();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Code();
}
