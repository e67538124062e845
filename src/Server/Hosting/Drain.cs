namespace InferenceServer.Server.Hosting;

/// <summary>
/// The server's last minutes: from the signal on, what is new is refused, and what runs may finish until a limit
/// (<see cref="ServerOptions.DrainTimeoutMs"/>) or a second signal. Then the engine ends, and what still runs gets its one
/// error. Any thread.
/// </summary>
internal sealed class Drain(Settings settings, TimeProvider clock, ILogger<Drain> logger) : IHostedLifecycleService
{
    // A reader on a slow line needs some seconds to take what its buffers hold; one that takes nothing for longer is not reading.
    private static readonly TimeSpan ReaderPatience = TimeSpan.FromSeconds(5);

    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _numRunning;
    private int _isDraining;

    /// <summary>True from the first signal on: nothing new is taken.</summary>
    public bool IsDraining => Volatile.Read(ref _isDraining) != 0;

    /// <summary>Requests that would be waited for.</summary>
    public int NumRunning => Volatile.Read(ref _numRunning);

    /// <summary>Counts a request in that is to be waited for; false if it must be refused. Every true wants a <see cref="Leave"/>.</summary>
    public bool TryEnter()
    {
        // Counted first and looked at then: whoever drains either sees the request or is seen by it.
        Interlocked.Increment(ref _numRunning);
        if (!IsDraining)
        {
            return true;
        }

        Leave();
        return false;
    }

    /// <summary>Counts in what a counted request leaves behind when it has its answer. Call before its <see cref="Leave"/>; wants one of its own.</summary>
    public void Stay() => Interlocked.Increment(ref _numRunning);

    /// <summary>A request has its answer, or what it left behind is done.</summary>
    public void Leave()
    {
        if (Interlocked.Decrement(ref _numRunning) == 0 && IsDraining)
        {
            _ended.TrySetResult();
        }
    }

    /// <summary>
    /// Waits until a client has taken what is written to it, as long as that may be; but once the server stops, only for some seconds. False: the client does not
    /// read, and is not worth waiting for.
    /// </summary>
    /// <param name="write">Ends when the client has taken it. Goes on, and is nobody's business any more, if false is returned.</param>
    public async ValueTask<bool> WaitForReaderAsync(Task write)
    {
        if (write.IsCompleted || await Task.WhenAny(write, _started.Task) == write)
        {
            return true;
        }

        using var taken = new CancellationTokenSource();
        var pause = Task.Delay(ReaderPatience, clock, taken.Token);
        var isTaken = await Task.WhenAny(write, pause) == write;
        await taken.CancelAsync();
        return isTaken;
    }

    /// <summary>Waits no longer.</summary>
    public void Hurry() => _ended.TrySetResult();

    /// <summary>Refuses what is new and waits for what runs. The web server still listens, so that clients hear why and when to try again.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        Interlocked.Exchange(ref _isDraining, 1);
        _started.TrySetResult();
        var numRunning = Volatile.Read(ref _numRunning);
        if (numRunning == 0)
        {
            return;
        }

        var limit = TimeSpan.FromMilliseconds(settings.Server.DrainTimeoutMs);
        logger.Draining(numRunning, limit.TotalSeconds);
        try
        {
            await _ended.Task.WaitAsync(limit, clock, cancellationToken);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            // They have had their time.
        }

        if (Volatile.Read(ref _numRunning) is > 0 and var numLeft)
        {
            logger.DrainCutShort(numLeft);
        }
    }

    /// <inheritdoc/>
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
