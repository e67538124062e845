using System.Diagnostics.Metrics;
using InferenceServer.Telemetry.Metrics;
using Microsoft.Extensions.DependencyInjection;

namespace InferenceServer.Telemetry;

/// <summary>What the host registers to have numbers.</summary>
public static class TelemetryServices
{
    /// <summary>Adds everything that measures the machine and collects what others record. Nothing is measured before <see cref="MetricsPipeline"/> is made.</summary>
    /// <param name="services">The host's, with an <see cref="IMeterFactory"/>.</param>
    /// <param name="options">Validated.</param>
    /// <param name="version">The program's.</param>
    public static IServiceCollection AddTelemetry(this IServiceCollection services, MetricsOptions options, string version)
    {
        services.AddSingleton<ProcessInstruments>();
        services.AddSingleton(provider =>
        {
            // Those that are only read when collected would otherwise never be made.
            provider.GetRequiredService<ProcessInstruments>();
            return new MetricsPipeline(options, provider.GetRequiredService<IMeterFactory>(), version);
        });
        return services;
    }
}
