using InferenceServer.Inference.Engine;
using InferenceServer.Server.Hosting;
using InferenceServer.Telemetry;
using InferenceServer.Telemetry.Memory;
using InferenceServer.Telemetry.Metrics;
using InferenceServer.Telemetry.Roofline;

namespace InferenceServer.Server.Measuring;

/// <summary>Everything that counts and times, put together: the rooms' instruments, the engine's reports, and Telemetry, which collects.</summary>
internal static class MeasuringServices
{
    /// <summary>Adds it. What is recorded goes nowhere if metrics are switched off.</summary>
    public static void AddMeasuring(this IServiceCollection services, Settings settings, ServedModel model)
    {
        services.AddMetrics();
        services.AddSingleton<EngineInstruments>();
        services.AddSingleton<StepObserver>(provider => provider.GetRequiredService<EngineInstruments>().Record);
        services.AddSingleton<StepReader>();
        services.AddSingleton<ServerInstruments>();
        services.AddSingleton<VllmInstruments>();
        services.AddSingleton<RequestInstruments>();
        services.AddPower(settings.Power);
        services.AddMemory(model.Files, ReadSteps, provider => MemoryOf(model, provider));
        services.AddSingleton<EnergyObserver>();
        services.AddSingleton<StepObserver>(provider => provider.GetRequiredService<EnergyObserver>().Observe);
        services.AddHostedService<MachineStarter>();
        if (!settings.Metrics.Enabled)
        {
            return;
        }

        services.AddTelemetry(settings.Metrics, ServerVersion.Text, BandwidthOf(model, settings.Metrics), DecodeObserver.FaultOf(model));
        services.AddSingleton<DecodeObserver>();
        services.AddSingleton<StepObserver>(provider => provider.GetRequiredService<DecodeObserver>().Observe);
        services.AddHostedService<TelemetryStarter>();
    }

    private static NominalBandwidth BandwidthOf(ServedModel model, MetricsOptions options) => (options.MemoryBandwidthGBps, model.Chip) switch
    {
        ({ } configured, _) => new(configured * 1e9, "configured"),
        (_, { } chip) => new(chip.BytesPerSecond, "table"),
        _ => new(null, "unknown_chip"),
    };

    private static long? ReadSteps(IServiceProvider provider) =>
        provider.GetRequiredService<IInferenceEngine>() is { State: EngineState.Ready } engine ? engine.Stats.NumSteps : null;

    // As planned from the file's header, which llama.cpp keeps to within a few percent.
    private static ModelMemory MemoryOf(ServedModel model, IServiceProvider provider) => model.Plan is { IsFollowed: true } plan && ReadSteps(provider) is not null
        ? new ModelMemory(plan.WeightBytes, plan.KvBytes + plan.StateBytes, plan.ComputeBytes + plan.OutputBytes + plan.SlicedBytes)
        : default;
}
