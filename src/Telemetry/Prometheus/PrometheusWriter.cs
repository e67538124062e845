using System.Buffers;
using System.Globalization;
using System.Text;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace InferenceServer.Telemetry.Prometheus;

/// <summary>Writes metrics in Prometheus' text form or as OpenMetrics. Cumulative sums, gauges and histograms with explicit buckets. One thread at a time.</summary>
internal sealed class PrometheusWriter(PrometheusFormat format)
{
    private readonly Dictionary<Metric, PrometheusFamily> _families = [];

    // The labels of the series being written: a histogram repeats them on every line.
    private readonly ArrayBufferWriter<byte> _labels = new(256);

    private bool IsOpenMetrics => format == PrometheusFormat.OpenMetrics;

    /// <summary>What runs here: the resource's attributes as labels of <c>target_info</c>.</summary>
    public void WriteTarget(IBufferWriter<byte> page, Resource resource)
    {
        _labels.ResetWrittenCount();
        foreach (var (key, value) in resource.Attributes)
        {
            AddLabel(key, value);
        }

        page.Write(IsOpenMetrics ? "# TYPE target info\n# HELP target The program.\n"u8 : "# TYPE target_info gauge\n# HELP target_info The program.\n"u8);
        WriteName(page, "target_info"u8, []);
        WriteValue(page, 1L);
    }

    /// <summary>A metric's family; nothing if it has no series now.</summary>
    public void WriteMetric(IBufferWriter<byte> page, Metric metric)
    {
        if (!_families.TryGetValue(metric, out var family))
        {
            family = new PrometheusFamily(metric, format);
            _families.Add(metric, family);
        }

        var isFirst = true;
        foreach (ref readonly var point in metric.GetMetricPoints())
        {
            if (isFirst)
            {
                page.Write(family.Header);
                isFirst = false;
            }

            _labels.ResetWrittenCount();
            foreach (var (key, value) in point.Tags)
            {
                AddLabel(key, value);
            }

            WritePoint(page, metric.MetricType, family, point);
        }
    }

    /// <summary>After the last metric.</summary>
    public void WriteEnd(IBufferWriter<byte> page)
    {
        if (IsOpenMetrics)
        {
            page.Write("# EOF\n"u8);
        }
    }

    private void WritePoint(IBufferWriter<byte> page, MetricType type, PrometheusFamily family, in MetricPoint point)
    {
        switch (type)
        {
            case MetricType.Histogram:
                WriteHistogram(page, family, point);
                break;
            case MetricType.LongSum or MetricType.LongSumNonMonotonic:
                WriteName(page, family.Name, []);
                WriteValue(page, point.GetSumLong());
                break;
            case MetricType.DoubleSum or MetricType.DoubleSumNonMonotonic:
                WriteName(page, family.Name, []);
                WriteValue(page, point.GetSumDouble());
                break;
            case MetricType.LongGauge:
                WriteName(page, family.Name, []);
                WriteValue(page, point.GetGaugeLastValueLong());
                break;
            case MetricType.DoubleGauge:
                WriteName(page, family.Name, []);
                WriteValue(page, point.GetGaugeLastValueDouble());
                break;
            default:
                throw new NotSupportedException($"Metrics of type {type} have no form here.");
        }
    }

    private void WriteHistogram(IBufferWriter<byte> page, PrometheusFamily family, in MetricPoint point)
    {
        var count = 0L;
        Span<byte> bound = stackalloc byte[32];
        foreach (var bucket in point.GetHistogramBuckets())
        {
            count += bucket.BucketCount;
            WriteName(page, family.Bucket, bound[..FormatBound(bucket.ExplicitBound, bound)]);
            WriteValue(page, count);
        }

        WriteName(page, family.Sum, []);
        WriteValue(page, point.GetHistogramSum());
        WriteName(page, family.Count, []);
        WriteValue(page, count);
    }

    // OpenMetrics wants bounds as floats: 1.0, not 1.
    private int FormatBound(double bound, Span<byte> text)
    {
        var length = Format(bound, text);
        if (IsOpenMetrics && double.IsFinite(bound) && !text[..length].ContainsAny("."u8[0], "E"u8[0]))
        {
            ".0"u8.CopyTo(text[length..]);
            length += 2;
        }

        return length;
    }

    private void WriteName(IBufferWriter<byte> page, ReadOnlySpan<byte> name, ReadOnlySpan<byte> bound)
    {
        page.Write(name);
        if (_labels.WrittenCount > 0 || bound.Length > 0)
        {
            page.Write("{"u8);
            page.Write(_labels.WrittenSpan);
            if (bound.Length > 0)
            {
                page.Write(_labels.WrittenCount > 0 ? ",le=\""u8 : "le=\""u8);
                page.Write(bound);
                page.Write("\""u8);
            }

            page.Write("}"u8);
        }

        page.Write(" "u8);
    }

    private static void WriteValue(IBufferWriter<byte> page, long value)
    {
        var text = page.GetSpan(24);
        value.TryFormat(text, out var length, default, CultureInfo.InvariantCulture);
        text[length] = (byte)'\n';
        page.Advance(length + 1);
    }

    private static void WriteValue(IBufferWriter<byte> page, double value)
    {
        var text = page.GetSpan(40);
        var length = Format(value, text);
        text[length] = (byte)'\n';
        page.Advance(length + 1);
    }

    private static int Format(double value, Span<byte> text)
    {
        if (double.IsInfinity(value))
        {
            (value > 0 ? "+Inf"u8 : "-Inf"u8).CopyTo(text);
            return 4;
        }

        value.TryFormat(text, out var length, default, CultureInfo.InvariantCulture);
        return length;
    }

    private void AddLabel(string key, object? value)
    {
        _labels.Write(_labels.WrittenCount > 0 ? ","u8 : []);
        WriteText(PrometheusNames.ToLabel(key));
        _labels.Write("=\""u8);
        var text = value as string ?? Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
        if (text.AsSpan().ContainsAny('\\', '"', '\n'))
        {
            text = text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
        }

        WriteText(text);
        _labels.Write("\""u8);
    }

    private void WriteText(string text)
    {
        var bytes = _labels.GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length));
        _labels.Advance(Encoding.UTF8.GetBytes(text, bytes));
    }
}
