namespace InferenceServer.Bench.Load;

/// <summary>
/// Reads the data of server-sent events from raw bytes and notes when the last of each event's bytes came. Only what these streams use: one data
/// line per event; comments and other fields are passed over.
/// </summary>
/// <param name="stream">The response's body; not disposed.</param>
/// <param name="now">Seconds on the clock of the run.</param>
internal sealed class SseReader(Stream stream, Func<double> now)
{
    private byte[] _buffer = new byte[16 * 1024];
    private int _start;
    private int _end;
    private int _scanned;

    /// <summary>Data of the event read last; valid until the next read.</summary>
    public ReadOnlyMemory<byte> Data { get; private set; }

    /// <summary>When its bytes came.</summary>
    public double ReceivedAt { get; private set; }

    /// <summary>Waits for the next data line; false at the end of the stream.</summary>
    public async ValueTask<bool> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            while (TryReadLine(out var line))
            {
                if (line.Span.StartsWith("data:"u8))
                {
                    Data = line[5..].TrimStart((byte)' ');
                    return true;
                }
            }

            MakeRoom();
            var count = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
            if (count == 0)
            {
                return false;
            }

            ReceivedAt = now();
            _end += count;
        }
    }

    private bool TryReadLine(out ReadOnlyMemory<byte> line)
    {
        var length = _buffer.AsSpan(_scanned, _end - _scanned).IndexOf((byte)'\n');
        if (length < 0)
        {
            _scanned = _end;
            line = default;
            return false;
        }

        var lineEnd = _scanned + length;
        line = _buffer.AsMemory(_start, lineEnd - _start).TrimEnd((byte)'\r');
        _start = lineEnd + 1;
        _scanned = _start;
        return true;
    }

    private void MakeRoom()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _scanned -= _start;
            _start = 0;
        }

        if (_end == _buffer.Length)
        {
            Array.Resize(ref _buffer, 2 * _buffer.Length);
        }
    }
}
