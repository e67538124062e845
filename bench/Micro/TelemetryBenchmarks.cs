using System.Diagnostics;
using System.Diagnostics.Metrics;
using BenchmarkDotNet.Attributes;
using InferenceServer.Inference;
using InferenceServer.Inference.Engine;
using InferenceServer.Telemetry.Metrics;
using InferenceServer.Telemetry.Prometheus;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace InferenceServer.Bench.Micro;

/// <summary>What it costs to record a step's report in the instruments, with the SDK listening, and to scrape them all.</summary>
public class TelemetryBenchmarks : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly EngineInstruments _instruments;
    private readonly MetricsPipeline _pipeline;
    private readonly StepRow[] _rows = new StepRow[8];
    private readonly StepReport _report = new()
    {
        StartedAt = 0,
        EndedAt = Stopwatch.Frequency / 50,
        RunSeconds = 0.02,
        Status = RunStatus.Ok,
        NumDecodes = 8,
        NumPrefillTokens = 0,
        NumOutputTokens = 8,
    };

    public TelemetryBenchmarks()
    {
        var meters = _services.GetRequiredService<IMeterFactory>();
        _instruments = new EngineInstruments(meters, new InferenceEngine(new InferenceOptions(), "never-loaded.gguf", NullLoggerFactory.Instance));
        _pipeline = new MetricsPipeline(new MetricsOptions(), meters, "1");
    }

    /// <summary>After the last run.</summary>
    [GlobalCleanup]
    public void Dispose()
    {
        _pipeline.Dispose();
        _services.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>A step of eight streams.</summary>
    [Benchmark]
    public void RecordStep() => _instruments.Record(_report, _rows);

    /// <summary>The engine's metrics as a page.</summary>
    [Benchmark]
    public int Scrape() => _pipeline.ScrapeAsync(PrometheusFormat.Text).GetAwaiter().GetResult().Length;
}
