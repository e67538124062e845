using System.Buffers;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace InferenceServer.Telemetry.Prometheus;

/// <summary>
/// The SDK's way out: a scrape makes the SDK collect, and the SDK hands the metrics to <see cref="Export"/>, which writes the page.
/// Scrapes of one format that overlap share one collection. Any thread.
/// </summary>
[ExportModes(ExportModes.Pull)]
internal sealed class PrometheusExporter : BaseExporter<Metric>, IPullMetricExporter
{
    private readonly Dictionary<PrometheusFormat, Task<ReadOnlyMemory<byte>>> _running = [];
    private readonly Dictionary<PrometheusFormat, PrometheusWriter> _writers = [];
    private readonly Lock _gate = new();
    private readonly Lock _collecting = new();
    private ArrayBufferWriter<byte>? _page;
    private PrometheusFormat _format;
    private int _lastLength = 16 * 1024;

    /// <summary>Set by the SDK.</summary>
    public Func<int, bool>? Collect { get; set; }

    /// <summary>All metrics as of now. Throws <see cref="InvalidOperationException"/> if the SDK could not collect.</summary>
    public Task<ReadOnlyMemory<byte>> ScrapeAsync(PrometheusFormat format)
    {
        lock (_gate)
        {
            if (!_running.TryGetValue(format, out var scrape))
            {
                scrape = Task.Run(() => Scrape(format));
                _running.Add(format, scrape);
            }

            return scrape;
        }
    }

    /// <summary>Called by the SDK from within <see cref="Collect"/>, and once when it is disposed of.</summary>
    public override ExportResult Export(in Batch<Metric> batch)
    {
        if (_page is not { } page)
        {
            return ExportResult.Success; // nobody asked
        }

        if (!_writers.TryGetValue(_format, out var writer))
        {
            writer = new PrometheusWriter(_format);
            _writers.Add(_format, writer);
        }

        writer.WriteTarget(page, ParentProvider.GetResource());
        foreach (var metric in batch)
        {
            writer.WriteMetric(page, metric);
        }

        writer.WriteEnd(page);
        return ExportResult.Success;
    }

    private ReadOnlyMemory<byte> Scrape(PrometheusFormat format)
    {
        lock (_collecting)
        {
            // Whoever comes from here on may want numbers that this collection misses.
            lock (_gate)
            {
                _running.Remove(format);
            }

            _format = format;
            _page = new ArrayBufferWriter<byte>(_lastLength);
            try
            {
                if (Collect?.Invoke(Timeout.Infinite) != true)
                {
                    throw new InvalidOperationException("The metrics could not be collected.");
                }

                _lastLength = _page.WrittenCount + 1024;
                return _page.WrittenMemory;
            }
            finally
            {
                _page = null;
            }
        }
    }
}
