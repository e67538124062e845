using System.Diagnostics.Metrics;
using InferenceServer.Telemetry.Memory;
using InferenceServer.Telemetry.Metrics;
using InferenceServer.Telemetry.Power;
using InferenceServer.Telemetry.Power.Attribution;
using InferenceServer.Telemetry.Roofline;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Telemetry;

/// <summary>What the host registers to have numbers.</summary>
public static class TelemetryServices
{
    /// <summary>Adds everything that measures the machine and collects what others record. Nothing is measured before <see cref="MetricsPipeline"/> is made.</summary>
    /// <param name="services">The host's, with an <see cref="IMeterFactory"/>.</param>
    /// <param name="options">Validated.</param>
    /// <param name="version">The program's.</param>
    /// <param name="bandwidth">The machine's.</param>
    /// <param name="modelFault">Why nobody can tell what bytes a decode step reads, a label; null if it can be told.</param>
    public static IServiceCollection AddTelemetry(this IServiceCollection services, MetricsOptions options, string version, NominalBandwidth bandwidth, string? modelFault)
    {
        services.AddSingleton<ProcessInstruments>();
        services.AddSingleton(provider => new RooflineInstruments(
            provider.GetRequiredService<IMeterFactory>(), bandwidth, modelFault, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider =>
        {
            // Those that are only read when collected would otherwise never be made.
            provider.GetRequiredService<ProcessInstruments>();
            return new MetricsPipeline(options, provider.GetRequiredService<IMeterFactory>(), version);
        });
        return services;
    }

    /// <summary>Adds what measures watts and joules. Nothing is read before <see cref="PowerSampler.StartAsync"/>.</summary>
    /// <param name="services">The host's, with an <see cref="IMeterFactory"/>, a clock and logging.</param>
    /// <param name="options">Validated.</param>
    public static IServiceCollection AddPower(this IServiceCollection services, PowerOptions options)
    {
        services.AddSingleton<EnergyLedger>();
        services.AddSingleton(provider =>
        {
            var clock = provider.GetRequiredService<TimeProvider>();
            return new PowerSampler(
                PowerProviders.ForThisSystem(options, clock, provider.GetService<EngineProcess>()),
                options,
                provider.GetRequiredService<EnergyLedger>(),
                clock,
                provider.GetRequiredService<ILogger<PowerSampler>>());
        });
        services.AddSingleton(provider => new PowerInstruments(
            provider.GetRequiredService<IMeterFactory>(),
            provider.GetRequiredService<PowerSampler>(),
            provider.GetRequiredService<EnergyLedger>(),
            options,
            provider.GetRequiredService<TimeProvider>()));
        return services;
    }

    /// <summary>Adds what looks at memory. Nothing is looked at before <see cref="MemorySampler.Start"/>.</summary>
    /// <param name="services">The host's, with an <see cref="IMeterFactory"/>, a clock and logging.</param>
    /// <param name="modelFiles">Full paths of the served model's files.</param>
    /// <param name="readSteps">Steps that the engine has computed; null while the model is not loaded.</param>
    /// <param name="model">What the engine says that its model takes.</param>
    public static IServiceCollection AddMemory(
        this IServiceCollection services, IReadOnlyList<string> modelFiles, Func<IServiceProvider, long?> readSteps, Func<IServiceProvider, ModelMemory> model)
    {
        services.AddSingleton(provider => new MemorySampler(
            modelFiles, () => readSteps(provider), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<MemorySampler>>(), provider.GetService<EngineProcess>()));
        services.AddSingleton(provider => new MemoryInstruments(
            provider.GetRequiredService<IMeterFactory>(), provider.GetRequiredService<MemorySampler>(), () => model(provider)));
        return services;
    }
}
