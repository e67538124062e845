using System.Threading.Channels;

namespace InferenceServer.Inference.Engine;

/// <summary>
/// Events of one request: written by the engine thread, read by one reader. Writing never waits and never runs the
/// reader's code; a slow reader costs memory for at most its request's own tokens.
/// </summary>
public sealed class GenerationStream(long requestId)
{
    private readonly Channel<GenerationEvent> _events = Channel.CreateUnbounded<GenerationEvent>(
        new UnboundedChannelOptions { SingleReader = true, SingleWriter = true, AllowSynchronousContinuations = false });

    /// <summary>The request this stream belongs to.</summary>
    public long RequestId { get; } = requestId;

    /// <summary>True when an event is there to read, false when none will come any more.</summary>
    public ValueTask<bool> WaitToReadAsync(CancellationToken cancellationToken) => _events.Reader.WaitToReadAsync(cancellationToken);

    /// <summary>Takes the next event if there is one.</summary>
    public bool TryRead(out GenerationEvent item) => _events.Reader.TryRead(out item);

    /// <summary>Engine thread, or a fake engine in tests. After the Finished event nothing more is taken.</summary>
    public void Write(in GenerationEvent item)
    {
        _events.Writer.TryWrite(item);
        if (item.Kind == GenerationEventKind.Finished)
        {
            _events.Writer.TryComplete();
        }
    }
}
