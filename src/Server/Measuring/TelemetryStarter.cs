using InferenceServer.Inference.Engine;
using InferenceServer.Telemetry.Metrics;

namespace InferenceServer.Server.Measuring;

/// <summary>Makes what measures before the first request, so that nothing is missed, and reads the engine's reports from time to time.</summary>
/// <param name="services">Has what is to be made.</param>
/// <param name="steps">Read here, and before a scrape.</param>
/// <param name="engine">Its counters are to be looked at while their engine lives.</param>
/// <param name="clock">For the pauses.</param>
internal sealed class TelemetryStarter(IServiceProvider services, StepReader steps, EngineInstruments engine, TimeProvider clock) : BackgroundService
{
    // Well within what the queue of reports holds, and nothing that an idle machine would notice.
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    /// <inheritdoc/>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        services.GetRequiredService<RequestInstruments>();
        services.GetRequiredService<MetricsPipeline>();
        return base.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(Interval, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            steps.Read();
            engine.Update();
        }
    }
}
