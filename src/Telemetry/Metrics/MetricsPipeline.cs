using System.Diagnostics.Metrics;
using InferenceServer.Telemetry.Prometheus;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace InferenceServer.Telemetry.Metrics;

/// <summary>
/// OpenTelemetry's SDK over our meters: aggregates what is recorded, is scraped, and pushes by OTLP if asked to. Aggregates from its
/// construction on. Any thread.
/// </summary>
public sealed class MetricsPipeline : IDisposable
{
    private const string ServiceName = "inference-server";

    private readonly PrometheusExporter _prometheus = new();
    private readonly MeterProvider _provider;

    /// <param name="options">What is collected and where it goes.</param>
    /// <param name="meters">Only its meters are listened to: two servers in one process do not see each other's numbers.</param>
    /// <param name="version">The program's.</param>
    public MetricsPipeline(MetricsOptions options, IMeterFactory meters, string version)
    {
        ArgumentNullException.ThrowIfNull(options);
        var resource = ResourceBuilder.CreateEmpty()
            .AddService(ServiceName, serviceVersion: version, autoGenerateServiceInstanceId: false, serviceInstanceId: Environment.MachineName)
            .AddEnvironmentVariableDetector();
        var builder = Sdk.CreateMeterProviderBuilder()
            .SetResourceBuilder(resource)
            .AddMeter(MeterNames.Engine, MeterNames.Server, MeterNames.Process, MeterNames.Roofline, MeterNames.Power, MeterNames.Memory)
            .AddView(instrument => Select(instrument, meters))
            .AddReader(new BaseExportingMetricReader(_prometheus));
        if (options.VllmNames)
        {
            builder.AddMeter(MeterNames.Vllm);
        }

        if (options.OtlpEndpoint is { } endpoint)
        {
            builder.AddOtlpExporter((exporter, reader) =>
            {
                exporter.Endpoint = new Uri(endpoint);
                exporter.Protocol = options.OtlpProtocol == OtlpProtocol.Http ? OtlpExportProtocol.HttpProtobuf : OtlpExportProtocol.Grpc;
                reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = options.OtlpIntervalSeconds * 1000;
            });
        }

        _provider = builder.Build();
    }

    /// <summary>All metrics as of now, as a page. Scrapes at the same time share one collection.</summary>
    public Task<ReadOnlyMemory<byte>> ScrapeAsync(PrometheusFormat format) => _prometheus.ScrapeAsync(format);

    /// <inheritdoc/>
    public void Dispose() => _provider.Dispose();

    // vLLM's names have a colon, which the name of an instrument may not have.
    private static MetricStreamConfiguration? Select(Instrument instrument, IMeterFactory meters) =>
        instrument.Meter.Scope != meters ? MetricStreamConfiguration.Drop
        : instrument.Meter.Name == MeterNames.Vllm ? new MetricStreamConfiguration { Name = $"{MeterNames.Vllm}:{instrument.Name}" }
        : null;
}
