using InferenceServer.Inference.Engine;
using InferenceServer.Telemetry.Memory;
using InferenceServer.Telemetry.Power;

namespace InferenceServer.Server.Measuring;

/// <summary>Begins to read watts and memory when the server starts, without waiting for them: a driver may take seconds to answer.</summary>
/// <param name="services">Has the instruments, which are only there if somebody makes them.</param>
/// <param name="power">Reads watts; the container closes it.</param>
/// <param name="memory">Reads memory; the container closes it.</param>
/// <param name="energy">To be connected with the engine.</param>
internal sealed class MachineStarter(IServiceProvider services, PowerSampler power, MemorySampler memory, EnergyObserver energy) : IHostedService
{
    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        energy.Connect(services.GetRequiredService<IInferenceEngine>(), services.GetRequiredService<StepReader>());
        services.GetRequiredService<PowerInstruments>();
        services.GetRequiredService<MemoryInstruments>();
        _ = power.StartAsync();
        memory.Start();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
