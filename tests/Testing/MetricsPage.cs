using System.Globalization;
using System.Text.RegularExpressions;

namespace InferenceServer.Testing;

/// <summary>A page of metrics in Prometheus' text form or OpenMetrics, read back.</summary>
internal sealed partial class MetricsPage
{
    private MetricsPage(IReadOnlyDictionary<string, string> types, IReadOnlyDictionary<string, string> units, IReadOnlyList<MetricSeries> series)
    {
        Types = types;
        Units = units;
        Series = series;
    }

    /// <summary>Type by family.</summary>
    public IReadOnlyDictionary<string, string> Types { get; }

    /// <summary>Unit by family; in OpenMetrics only.</summary>
    public IReadOnlyDictionary<string, string> Units { get; }

    /// <summary>All samples.</summary>
    public IReadOnlyList<MetricSeries> Series { get; }

    /// <summary>Reads a page; throws on a line that is none.</summary>
    public static MetricsPage Parse(string page)
    {
        var types = new Dictionary<string, string>();
        var units = new Dictionary<string, string>();
        var series = new List<MetricSeries>();
        foreach (var line in page.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Split(' ') is ["#", "TYPE" or "UNIT", var family, var word] parts)
            {
                (parts[1] == "TYPE" ? types : units).Add(family, word);
            }
            else if (!line.StartsWith('#'))
            {
                var match = Sample().Match(line);
                if (!match.Success)
                {
                    throw new FormatException($"'{line}' is no sample.");
                }

                var labels = Label().Matches(match.Groups["labels"].Value).ToDictionary(label => label.Groups["key"].Value, label => label.Groups["value"].Value);
                var value = match.Groups["value"].Value switch
                {
                    "+Inf" => double.PositiveInfinity,
                    "-Inf" => double.NegativeInfinity,
                    var text => double.Parse(text, CultureInfo.InvariantCulture),
                };
                series.Add(new MetricSeries(match.Groups["name"].Value, labels, value));
            }
        }

        return new MetricsPage(types, units, series);
    }

    /// <summary>Family of a sample: its name without a histogram's endings.</summary>
    public string FamilyOf(string name) => Types.ContainsKey(name) ? name : Ending().Replace(name, "");

    /// <summary>Samples of a name that have these labels, among others.</summary>
    public IEnumerable<MetricSeries> Find(string name, params (string Key, string Value)[] labels) =>
        Series.Where(sample => sample.Name == name && labels.All(label => sample.Labels.TryGetValue(label.Key, out var value) && value == label.Value));

    /// <summary>Sum of <see cref="Find"/>; NaN if there is none.</summary>
    public double Sum(string name, params (string Key, string Value)[] labels)
    {
        var values = Find(name, labels).Select(sample => sample.Value).ToArray();
        return values.Length == 0 ? double.NaN : values.Sum();
    }

    /// <summary>As <see cref="Sum"/>, but 0 if there is none: what was never counted is not on the page.</summary>
    public double SumOrZero(string name, params (string Key, string Value)[] labels) => Find(name, labels).Sum(sample => sample.Value);

    [GeneratedRegex("""^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?<labels>.*)\})? (?<value>[^ ]+)$""")]
    private static partial Regex Sample();

    [GeneratedRegex("(?<key>[a-zA-Z_][a-zA-Z0-9_]*)=\"(?<value>([^\"\\\\]|\\\\.)*)\"")]
    private static partial Regex Label();

    [GeneratedRegex("_(bucket|sum|count)$")]
    private static partial Regex Ending();
}

/// <summary>One sample.</summary>
/// <param name="Name">With a histogram's ending.</param>
/// <param name="Labels">Escapes as on the page.</param>
/// <param name="Value">The number.</param>
internal sealed record MetricSeries(string Name, IReadOnlyDictionary<string, string> Labels, double Value);
