using InferenceServer.Server.Hosting;
using InferenceServer.Server.Measuring;
using InferenceServer.Server.Streaming;

namespace InferenceServer.Server.Responses;

/// <summary>A response that outlives its client, while it runs. Any thread.</summary>
/// <param name="draft">As it begins.</param>
/// <param name="generation">Runs.</param>
/// <param name="measure">Its times.</param>
/// <param name="items">Makes the items.</param>
/// <param name="clock">Tells when it ended.</param>
internal sealed class BackgroundResponse(ResponseBody draft, Generation generation, RequestMeasure measure, OutputItems items, TimeProvider clock)
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile ResponseBody _current = draft;
    private volatile bool _isCancelled;

    /// <summary>Its events.</summary>
    public ResponseEventLog Log { get; } = new();

    /// <summary>The response as far as it is.</summary>
    public ResponseBody Current => _current;

    /// <summary>Runs it to its end.</summary>
    public async Task RunAsync()
    {
        try
        {
            var pipe = new EventLogPipe(Log);
            var writer = new ResponseEventWriter(pipe, Current, items, clock, changed => _current = changed) { IsCancelled = () => _isCancelled };
            using var stream = new AnswerStream(generation, measure, pipe, writer, pingInterval: TimeSpan.Zero, clock, drain: null);
            await stream.RunAsync();
        }
        finally
        {
            measure.Finish(isStream: true);
            generation.Abort();
            _ended.SetResult();
        }
    }

    /// <summary>Ends it, within a step of the engine.</summary>
    /// <param name="isWanted">The client asked for it; else the server stops.</param>
    public Task AbortAsync(bool isWanted)
    {
        _isCancelled |= isWanted;
        generation.Abort();
        return _ended.Task;
    }

    /// <summary>For the log.</summary>
    public ChatLogEntry ToLogEntry() => measure.ToLogEntry(Current.Id);
}
