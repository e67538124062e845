using InferenceServer.Inference.Engine;
using InferenceServer.Server.Commands;

namespace InferenceServer.Server.Hosting;

/// <summary>
/// Loads the model once the port is open, so that clients hear "loading" instead of nothing, and ends the process if the
/// engine cannot start.
/// </summary>
internal sealed class EngineStarter(
    InferenceEngine engine, ServedModel model, ProcessOutcome outcome, IHostApplicationLifetime lifetime, TimeProvider clock, ILogger<EngineStarter> logger)
    : IHostedLifecycleService
{
    private Task _loading = Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        _loading = LoadAsync();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        // Before the web server waits for its requests: an ended engine ends them.
        await engine.DisposeAsync();
        await _loading;
    }

    /// <inheritdoc/>
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task LoadAsync()
    {
        var startedAt = clock.GetTimestamp();
        using (var display = LoadingDisplay.Start(Path.GetFileName(model.Metadata.Path), logger))
        {
            await engine.StartAsync(display.Report);
        }

        if (engine.State == EngineState.Ready)
        {
            logger.ModelReady(model.Id, clock.GetElapsedTime(startedAt).TotalSeconds);
        }
        else if (engine.State == EngineState.Failed)
        {
            outcome.Fail(ExitCode.EngineFailed, engine.Failure ?? "The engine failed.");
            lifetime.StopApplication();
        }
    }
}
