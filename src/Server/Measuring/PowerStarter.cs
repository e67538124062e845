using InferenceServer.Telemetry.Power;

namespace InferenceServer.Server.Measuring;

/// <summary>Begins to read the sources of watts when the server starts, without waiting for them: a driver may take seconds to answer.</summary>
/// <param name="sampler">Reads; the container closes it.</param>
/// <param name="instruments">Are only there if somebody makes them.</param>
internal sealed class PowerStarter(PowerSampler sampler, PowerInstruments instruments) : IHostedService
{
    /// <summary>Lives as long as this.</summary>
    public PowerInstruments Instruments => instruments;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _ = sampler.StartAsync();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
