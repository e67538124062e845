using System.Buffers;
using System.IO.Pipelines;

namespace InferenceServer.Server.Responses;

/// <summary>The body of a response that nobody in particular listens to: a flush moves what was written to the log. One thread at a time.</summary>
/// <param name="log">Where events go.</param>
internal sealed class EventLogPipe(ResponseEventLog log) : PipeWriter
{
    private readonly ArrayBufferWriter<byte> _buffer = new();

    /// <inheritdoc/>
    public override bool CanGetUnflushedBytes => true;

    /// <inheritdoc/>
    public override long UnflushedBytes => _buffer.WrittenCount;

    /// <inheritdoc/>
    public override void Advance(int bytes) => _buffer.Advance(bytes);

    /// <inheritdoc/>
    public override Memory<byte> GetMemory(int sizeHint = 0) => _buffer.GetMemory(sizeHint);

    /// <inheritdoc/>
    public override Span<byte> GetSpan(int sizeHint = 0) => _buffer.GetSpan(sizeHint);

    /// <inheritdoc/>
    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (_buffer.WrittenCount > 0)
        {
            log.Append(_buffer.WrittenSpan);
            _buffer.ResetWrittenCount();
        }

        return ValueTask.FromResult(new FlushResult(isCanceled: false, isCompleted: false));
    }

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null)
    {
    }

    /// <inheritdoc/>
    public override void CancelPendingFlush()
    {
    }
}
