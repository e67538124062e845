using System.Threading.Channels;

namespace InferenceServer.Inference.Engine;

/// <summary>
/// Events of one request: written by the engine thread, read by one reader. Writing never waits and never runs the
/// reader's code; a slow reader costs memory for at most its request's own tokens.
/// </summary>
public sealed class GenerationStream
{
    private readonly Channel<GenerationEvent> _events;
    private readonly EventSink? _sink;

    /// <param name="requestId">The request this stream belongs to.</param>
    public GenerationStream(long requestId)
        : this(requestId, null)
    {
    }

    internal GenerationStream(long requestId, EventSink? sink)
    {
        RequestId = requestId;
        _sink = sink;
        _events = sink is null ? Create() : Nothing;
    }

    // Of streams whose events go elsewhere.
    private static Channel<GenerationEvent> Nothing { get; } = Create();

    /// <summary>The request this stream belongs to.</summary>
    public long RequestId { get; }

    /// <summary>True when an event is there to read, false when none will come any more.</summary>
    public ValueTask<bool> WaitToReadAsync(CancellationToken cancellationToken) => _events.Reader.WaitToReadAsync(cancellationToken);

    /// <summary>Takes the next event if there is one.</summary>
    public bool TryRead(out GenerationEvent item) => _events.Reader.TryRead(out item);

    /// <summary>The engine thread, or whoever speaks for an engine elsewhere. After the Finished event nothing more is taken.</summary>
    public void Write(in GenerationEvent item)
    {
        if (_sink is not null)
        {
            _sink(RequestId, item);
            return;
        }

        _events.Writer.TryWrite(item);
        if (item.Kind == GenerationEventKind.Finished)
        {
            _events.Writer.TryComplete();
        }
    }

    private static Channel<GenerationEvent> Create() => Channel.CreateUnbounded<GenerationEvent>(
        new UnboundedChannelOptions { SingleReader = true, SingleWriter = true, AllowSynchronousContinuations = false });
}
