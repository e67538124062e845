namespace InferenceServer.Server.Streaming;

/// <summary>
/// Calls back after a while, again and again; each call says how long until the next. Disposing waits for a call under way,
/// so that nothing runs afterwards.
/// </summary>
internal sealed class SilenceTimer : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;

    /// <summary>Starts the first wait.</summary>
    /// <param name="clock">Whose time.</param>
    /// <param name="first">Until the first call.</param>
    /// <param name="onElapsed">Returns the time until the next call. Must not throw.</param>
    public SilenceTimer(TimeProvider clock, TimeSpan first, Func<ValueTask<TimeSpan>> onElapsed) => _loop = RunAsync(clock, first, onElapsed);

    /// <summary>Ends the waiting.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    private async Task RunAsync(TimeProvider clock, TimeSpan wait, Func<ValueTask<TimeSpan>> onElapsed)
    {
        try
        {
            while (true)
            {
                await Task.Delay(wait, clock, _stop.Token);
                wait = await onElapsed();
            }
        }
        catch (OperationCanceledException)
        {
            // The stream is over.
        }
    }
}
