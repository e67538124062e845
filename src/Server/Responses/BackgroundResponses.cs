using System.Collections.Concurrent;
using InferenceServer.Server.Hosting;
using InferenceServer.Server.Measuring;
using InferenceServer.Server.Streaming;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Responses;

/// <summary>
/// The responses that run in the background. One is here from before its client hears of it until its end is stored, so that
/// whoever asks finds it here or there. Any thread.
/// </summary>
internal sealed class BackgroundResponses(ResponseStore store, Drain drain, RunningGenerations running, TimeProvider clock, ILogger<BackgroundResponses> logger) : IHostedLifecycleService
{
    private readonly ConcurrentDictionary<string, BackgroundResponse> _running = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Task, bool> _tasks = new();

    /// <summary>One that runs; null if there is none of that id.</summary>
    public BackgroundResponse? Find(string id) => _running.GetValueOrDefault(id);

    /// <summary>Begins to read a generation; it was stored.</summary>
    /// <param name="draft">As it begins.</param>
    /// <param name="generation">Runs.</param>
    /// <param name="measure">Its times.</param>
    /// <param name="items">Makes its items.</param>
    /// <param name="permit">Its admission, given back at its end.</param>
    public BackgroundResponse Start(ResponseBody draft, Generation generation, RequestMeasure measure, OutputItems items, AdmissionGate.Permit permit)
    {
        var response = new BackgroundResponse(draft, generation, measure, items, clock);
        _running[draft.Id] = response;
        var task = RunAsync(response, generation, permit);
        _tasks[task] = true;
        _ = task.ContinueWith(ended => _tasks.TryRemove(ended, out _), TaskScheduler.Default);
        return response;
    }

    /// <summary>Ends those that the drain left, before the engine ends, and waits until their ends are on their way to the store.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        var tasks = _tasks.Keys.ToArray();
        foreach (var response in _running.Values)
        {
            _ = response.AbortAsync(isWanted: false);
        }

        await Task.WhenAll(tasks).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
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

    private async Task RunAsync(BackgroundResponse response, Generation generation, AdmissionGate.Permit permit)
    {
        var startedAt = clock.GetTimestamp();
        drain.Stay();
        try
        {
            var ended = await EndOfAsync(response, generation, permit);
            var entry = response.ToLogEntry();
            logger.BackgroundDone(
                ended.Id,
                ended.Status,
                (long)clock.GetElapsedTime(startedAt).TotalMilliseconds,
                entry.NumPromptTokens,
                entry.NumCachedTokens,
                entry.NumOutputTokens,
                entry.FinishReason);
            var reply = await store.EndAsync(ResponseRecord.Of(ended, input: []), response.Log.ToArray());

            // What could not be written is still here to be asked for, as long as this process lives.
            if (reply.Status == StoreStatus.Ok)
            {
                _running.TryRemove(ended.Id, out _);
            }
        }
        finally
        {
            // After the end is stored or known not to be: a reader that comes back finds all events.
            response.Log.Complete();
            drain.Leave();
        }
    }

    private async Task<ResponseBody> EndOfAsync(BackgroundResponse response, Generation generation, AdmissionGate.Permit permit)
    {
        using (permit)
        using (running.Add(generation))
        {
            try
            {
                await response.RunAsync();
                return response.Current;
            }
            catch (Exception e)
            {
                // There is nobody else to tell, and the response must not look as if it still ran.
                logger.RequestFailed(e, "BACKGROUND", response.Current.Id);
                return response.Current.BreakOff(RequestError.GenerationFailed(), []);
            }
        }
    }
}
