namespace InferenceServer.Inference.Remote.Frames;

/// <summary>Takes frames out of a stream of bytes. One thread at a time.</summary>
/// <param name="stream">Where they come from; reading waits.</param>
internal sealed class FrameSource(Stream stream)
{
    private byte[] _buffer = new byte[64 * 1024];
    private int _start;
    private int _end;

    /// <summary>Waits for the next frame; false if the other side ended after a whole one. Throws <see cref="FrameException"/> over what is none.</summary>
    /// <param name="kind">What it is.</param>
    /// <param name="payload">Valid until the next call.</param>
    public bool TryReceive(out FrameKind kind, out ReadOnlySpan<byte> payload)
    {
        kind = default;
        payload = default;
        if (!Fill(FrameHeader.Size, mayEnd: true))
        {
            return false;
        }

        var length = FrameHeader.ReadLength(_buffer.AsSpan(_start));
        Fill(FrameHeader.Size + length, mayEnd: false);
        var header = _buffer.AsSpan(_start, FrameHeader.Size);
        payload = _buffer.AsSpan(_start + FrameHeader.Size, length);
        FrameHeader.Check(header, payload);
        _start += FrameHeader.Size + length;
        kind = (FrameKind)payload[0];
        payload = payload[1..];
        return true;
    }

    private bool Fill(int needed, bool mayEnd)
    {
        while (_end - _start < needed)
        {
            if (_start > 0)
            {
                _buffer.AsSpan(_start.._end).CopyTo(_buffer);
                (_start, _end) = (0, _end - _start);
            }

            if (_end == _buffer.Length)
            {
                // As what was announced arrives, not before.
                Array.Resize(ref _buffer, Math.Min(2 * _buffer.Length, FrameHeader.Size + FrameHeader.MaxPayload));
            }

            var count = stream.Read(_buffer, _end, _buffer.Length - _end);
            if (count == 0)
            {
                return mayEnd && _end == _start ? false : throw new FrameException("The connection ended within a frame.");
            }

            _end += count;
        }

        return true;
    }
}
