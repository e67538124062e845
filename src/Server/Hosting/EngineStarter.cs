using InferenceServer.Inference.Engine;
using InferenceServer.Server.Commands;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.Extensions.Hosting.Systemd;

namespace InferenceServer.Server.Hosting;

/// <summary>
/// Loads the model once the port is open, so that clients hear "loading" instead of nothing, and ends the process when the
/// engine cannot start or fails for good: whoever watches over the process starts it again.
/// </summary>
internal sealed class EngineStarter(
    IHostedEngine engine, ServedModel model, EngineInstruments instruments, ProcessOutcome outcome, IServer server, IHostApplicationLifetime lifetime, ISystemdNotifier systemd, TimeProvider clock, ILogger<EngineStarter> logger)
    : IHostedLifecycleService, IDisposable
{
    // A device that fails for good is noticed this late; its requests have long been told.
    private static readonly TimeSpan WatchInterval = TimeSpan.FromSeconds(1);

    // What a client has not taken by then of an answer that is complete it is not going to take.
    private static readonly TimeSpan LastBytes = TimeSpan.FromSeconds(3);

    private readonly CancellationTokenSource _stopping = new();
    private Task _running = Task.CompletedTask;

    /// <summary>Begins to load. Call once, when the port is open and the operator was told so.</summary>
    public void Start() => _running = RunAsync();

    /// <inheritdoc/>
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        // Before the web server waits for its requests: an ended engine ends them.
        await _stopping.CancelAsync();
        await engine.DisposeAsync();
        await _running;

        // Every answer has its end now, if only an error. The host would give clients that do not read all of its time.
        using var patience = new CancellationTokenSource(LastBytes, clock);
        await server.StopAsync(patience.Token);
    }

    /// <inheritdoc/>
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public void Dispose() => _stopping.Dispose();

    private async Task RunAsync()
    {
        await LoadAsync();
        while (engine.State is EngineState.Ready or EngineState.Recovering && !_stopping.IsCancellationRequested)
        {
            await Task.Delay(WatchInterval, clock, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (engine.State == EngineState.Failed)
        {
            outcome.Fail(ExitCode.EngineFailed, engine.Failure ?? "The engine failed.");
            lifetime.StopApplication();
        }
    }

    private async Task LoadAsync()
    {
        var startedAt = clock.GetTimestamp();
        using (var display = LoadingDisplay.Start(Path.GetFileName(model.Metadata.Path), logger))
        {
            await engine.StartAsync(display.Report);
        }

        if (engine.State == EngineState.Ready)
        {
            var seconds = clock.GetElapsedTime(startedAt).TotalSeconds;
            instruments.RecordLoad(seconds);
            logger.ModelReady(model.Id, seconds);
            systemd.Notify(ServiceState.Ready);
        }
    }
}
