using System.Globalization;

namespace InferenceServer.Server.Doctor;

/// <summary>What a server's <c>/metrics</c> said at one moment. Immutable.</summary>
internal sealed class MetricsSample
{
    private readonly List<(string Name, string Labels, double Value)> _series = [];

    /// <summary>Reads Prometheus' text; lines that are no samples do not count.</summary>
    public MetricsSample(string page)
    {
        foreach (var line in page.Split('\n'))
        {
            // No label of ours holds a closing bracket or a blank.
            var end = line.LastIndexOf(' ');
            if (end > 0 && line[0] != '#' && double.TryParse(line.AsSpan(end + 1), CultureInfo.InvariantCulture, out var value))
            {
                var open = line.IndexOf('{', StringComparison.Ordinal);
                _series.Add(open < 0 ? (line[..end], "", value) : (line[..open], line[open..end], value));
            }
        }
    }

    /// <summary>The sum over the series of a name with all of some labels; null if there is none.</summary>
    public double? Find(string name, params ReadOnlySpan<(string Key, string Value)> labels)
    {
        double? sum = null;
        foreach (var (series, text, value) in _series)
        {
            if (series == name && HasAll(text, labels))
            {
                sum = (sum ?? 0) + value;
            }
        }

        return sum;
    }

    /// <summary>By how much a counter has grown since an earlier sample; null if it is not there.</summary>
    public double? Since(MetricsSample earlier, string name, params ReadOnlySpan<(string Key, string Value)> labels) =>
        Find(name, labels) is { } now ? now - (earlier.Find(name, labels) ?? 0) : null;

    private static bool HasAll(string text, ReadOnlySpan<(string Key, string Value)> labels)
    {
        foreach (var (key, value) in labels)
        {
            if (!text.Contains($"{key}=\"{value}\"", StringComparison.Ordinal))
            {
                return false;
            }
        }

        return true;
    }
}
