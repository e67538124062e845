using System.IO.Pipelines;
using InferenceServer.Inference.Scheduling;
using InferenceServer.Server.Hosting;
using InferenceServer.Server.Measuring;

namespace InferenceServer.Server.Streaming;

/// <summary>
/// One streamed answer: a reader per choice, one pen for all. A reader waits for its choice's events without holding
/// anything, then writes all that are there and flushes once. If the client reads slowly, the flush waits, and with it this
/// request alone: the engine goes on, events queue up to the request's own limits. If the client is gone, what is left is
/// read and dropped until the engine has ended the choices, so that the admission lasts exactly as long as the work.
/// </summary>
internal sealed class AnswerStream : IDisposable
{
    // A slow reader's backlog is sent in pieces of about this many bytes instead of being gathered in memory.
    private const int MaxUnflushedBytes = 32 * 1024;

    private readonly Generation _generation;
    private readonly RequestMeasure _measure;
    private readonly PipeWriter _body;
    private readonly AnswerWriter _writer;
    private readonly TimeSpan _pingInterval;
    private readonly TimeProvider _clock;
    private readonly Drain? _drain;

    // Held while writing and flushing: chunks of several choices and pings never mix. Guards everything below it.
    private readonly SemaphoreSlim _pen = new(1, 1);
    private bool _startsWritten;
    private bool _clientIsGone;
    private int _numRunning;
    private long _lastWriteAt;

    /// <summary>A stream that nobody runs yet.</summary>
    /// <param name="generation">The answers.</param>
    /// <param name="measure">Told what was handed to the socket.</param>
    /// <param name="body">The response's body.</param>
    /// <param name="writer">Writes to <paramref name="body"/>; disposed with the stream.</param>
    /// <param name="pingInterval">Silence after which a sign of life is sent; zero for never.</param>
    /// <param name="clock">For the pings.</param>
    /// <param name="drain">Tells when a reader that takes nothing is given up; null if there is none that could.</param>
    public AnswerStream(Generation generation, RequestMeasure measure, PipeWriter body, AnswerWriter writer, TimeSpan pingInterval, TimeProvider clock, Drain? drain)
    {
        _generation = generation;
        _measure = measure;
        _body = body;
        _writer = writer;
        _pingInterval = pingInterval;
        _clock = clock;
        _drain = drain;
        _numRunning = generation.Choices.Count;
        _lastWriteAt = clock.GetTimestamp();
    }

    /// <summary>Writes the whole answer and returns when the engine has ended every choice.</summary>
    /// <returns>False if the client left before the end.</returns>
    public async Task<bool> RunAsync()
    {
        // Headers go out now: whoever waits in front of us knows that the request was taken, however long it queues.
        _writer.WriteOpening(_generation);
        await FlushAsync();
        await using (StartPings())
        {
            await Task.WhenAll(_generation.Choices.Select(WriteChoiceAsync));
        }

        await _pen.WaitAsync();
        try
        {
            if (!_clientIsGone)
            {
                WriteEnd();
                await FlushAsync();
            }

            return !_clientIsGone;
        }
        finally
        {
            _pen.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _writer.Dispose();
        _pen.Dispose();
    }

    private async Task WriteChoiceAsync(Choice choice)
    {
        while (await choice.Stream.WaitToReadAsync(CancellationToken.None))
        {
            await _pen.WaitAsync();
            try
            {
                while (choice.Stream.TryRead(out var item))
                {
                    choice.Apply(item);
                    _generation.EndIfEnough(choice);
                    if (_clientIsGone)
                    {
                        continue;
                    }

                    Write(choice);
                    if (_body.CanGetUnflushedBytes && _body.UnflushedBytes > MaxUnflushedBytes)
                    {
                        await FlushAsync();
                    }
                }

                await FlushAsync();
                if (!_clientIsGone)
                {
                    _measure.Flushed(choice);
                }
            }
            finally
            {
                _pen.Release();
            }
        }
    }

    private void Write(Choice choice)
    {
        if (!_startsWritten)
        {
            // All at once: clients that append choices by position want them introduced in order.
            _startsWritten = true;
            foreach (var other in _generation.Choices)
            {
                _writer.WriteStart(other);
            }
        }

        for (var i = 0; i < choice.NewEvents.Count; i++)
        {
            _writer.Write(choice, choice.NewEvents[i]);
        }

        if (choice.Reason is { } reason)
        {
            _numRunning--;
            if (reason is FinishReason.Stop or FinishReason.Length)
            {
                _writer.WriteFinish(choice, _generation, isLast: _numRunning == 0 && _generation.Failure() is null);
            }
            else
            {
                // One answer is lost, and with it the request: the others need not be computed to their ends.
                _generation.Abort();
            }
        }
    }

    private void WriteEnd()
    {
        if (_generation.Failure() is { } failure)
        {
            _writer.WriteError(failure);
            return;
        }

        _writer.WriteClosing(_generation);
    }

    // Held: the pen, or nobody else is there yet.
    private async ValueTask FlushAsync()
    {
        if (_clientIsGone)
        {
            return;
        }

        // Tokens that are held back are no sign of life.
        var isSilent = _body.CanGetUnflushedBytes && _body.UnflushedBytes == 0;
        try
        {
            _clientIsGone = await FlushBodyAsync() is null or { IsCompleted: true } or { IsCanceled: true };
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            _clientIsGone = true;
        }

        if (!isSilent)
        {
            _lastWriteAt = _clock.GetTimestamp();
        }

        if (_clientIsGone)
        {
            _generation.Abort();
        }
    }

    // Null: the client does not read, and the server wants to end.
    private async ValueTask<FlushResult?> FlushBodyAsync()
    {
        var flush = _body.FlushAsync(CancellationToken.None);
        if (flush.IsCompleted || _drain is null)
        {
            return await flush;
        }

        var taken = flush.AsTask();
        return await _drain.WaitForReaderAsync(taken) ? await taken : null;
    }

    private SilenceTimer? StartPings()
    {
        if (_pingInterval == TimeSpan.Zero)
        {
            return null;
        }

        return new SilenceTimer(_clock, _pingInterval, PingIfSilentAsync);
    }

    // Returns how long to wait until the next look.
    private async ValueTask<TimeSpan> PingIfSilentAsync()
    {
        if (!_pen.Wait(0))
        {
            // Somebody is writing, so it is not silent; or the client does not read, and a ping would not reach it either.
            return _pingInterval;
        }

        try
        {
            var silence = _clock.GetElapsedTime(_lastWriteAt);
            if (silence < _pingInterval)
            {
                return _pingInterval - silence;
            }

            if (!_clientIsGone)
            {
                _writer.WritePing();
                await FlushAsync();
            }

            return _pingInterval;
        }
        finally
        {
            _pen.Release();
        }
    }
}
