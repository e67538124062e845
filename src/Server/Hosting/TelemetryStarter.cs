using InferenceServer.Telemetry.Metrics;

namespace InferenceServer.Server.Hosting;

/// <summary>Makes what measures before the first request, so that nothing is missed.</summary>
internal sealed class TelemetryStarter(MetricsPipeline pipeline) : IHostedService
{
    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Aggregates since its construction.</summary>
    public MetricsPipeline Pipeline => pipeline;
}
