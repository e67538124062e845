using System.Text;
using OpenTelemetry.Metrics;

namespace InferenceServer.Telemetry.Prometheus;

/// <summary>What is written of a metric whatever its values: made once per metric and format. Immutable.</summary>
internal sealed class PrometheusFamily
{
    /// <param name="metric">From the SDK.</param>
    /// <param name="format">OpenMetrics names counters' families without <c>_total</c> and states units.</param>
    public PrometheusFamily(Metric metric, PrometheusFormat format)
    {
        var type = metric.MetricType switch
        {
            MetricType.LongSum or MetricType.DoubleSum => "counter",
            MetricType.Histogram => "histogram",
            _ => "gauge",
        };
        var unit = PrometheusNames.ToUnit(metric.Unit);
        var family = PrometheusNames.ToFamily(metric.Name, unit, type == "counter");
        var sample = type == "counter" ? family + "_total" : family;
        var isOpen = format == PrometheusFormat.OpenMetrics;
        var head = isOpen ? family : sample;
        var header = new StringBuilder($"# TYPE {head} {type}\n");
        if (isOpen && unit is not null)
        {
            header.Append($"# UNIT {head} {unit}\n");
        }

        if (metric.Description.Length > 0)
        {
            header.Append($"# HELP {head} {Escape(metric.Description, isOpen)}\n");
        }

        Header = Encoding.UTF8.GetBytes(header.ToString());
        Name = Encoding.UTF8.GetBytes(sample);
        Bucket = Encoding.UTF8.GetBytes(family + "_bucket");
        Sum = Encoding.UTF8.GetBytes(family + "_sum");
        Count = Encoding.UTF8.GetBytes(family + "_count");
    }

    /// <summary>The lines before the samples.</summary>
    public byte[] Header { get; }

    /// <summary>Name of a counter's or gauge's samples.</summary>
    public byte[] Name { get; }

    /// <summary>Name of a histogram's samples.</summary>
    public byte[] Bucket { get; }

    /// <inheritdoc cref="Bucket"/>
    public byte[] Sum { get; }

    /// <inheritdoc cref="Bucket"/>
    public byte[] Count { get; }

    private static string Escape(string text, bool isOpen)
    {
        text = text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
        return isOpen ? text.Replace("\"", "\\\"", StringComparison.Ordinal) : text;
    }
}
