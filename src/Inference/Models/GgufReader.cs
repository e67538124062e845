using System.Buffers.Binary;
using System.Text;

namespace InferenceServer.Inference.Models;

/// <summary>
/// Reads the parts of a GGUF header one after the other through a buffer of fixed size. The first fault sticks: from
/// then on everything reads as zero or empty, so that callers need to look at <see cref="Fault"/> only before they loop or
/// keep something. Every length is held against what is left of the file before a byte of it is read. One thread.
/// </summary>
internal sealed class GgufReader
{
    private const int BufferLength = 32 * 1024;

    private readonly Stream _stream;
    private readonly byte[] _buffer = new byte[BufferLength];

    // The buffer holds the file's bytes from _bufferStart on, _bufferCount of them; _at is the next one.
    private long _bufferStart;
    private int _bufferCount;
    private int _at;

    /// <summary>Reads from the stream's beginning; the stream must be able to seek.</summary>
    public GgufReader(Stream stream)
    {
        _stream = stream;
        Length = stream.Length;
    }

    /// <summary>Bytes of the file.</summary>
    public long Length { get; }

    /// <summary>Where the next byte comes from.</summary>
    public long Position => _bufferStart + _at;

    /// <summary>Bytes behind <see cref="Position"/>.</summary>
    public long Remaining => Length - Position;

    /// <summary>The first thing that was wrong; null as long as nothing was.</summary>
    public ModelFileFault? Fault { get; private set; }

    /// <summary>Takes a fault, unless there is one already.</summary>
    public void Fail(ModelFileError error, string message) => Fault ??= new ModelFileFault(error, message);

    public byte ReadByte(string what) => Take(1, what)[0];

    public ushort ReadUInt16(string what) => BinaryPrimitives.ReadUInt16LittleEndian(Take(2, what));

    public uint ReadUInt32(string what) => BinaryPrimitives.ReadUInt32LittleEndian(Take(4, what));

    public ulong ReadUInt64(string what) => BinaryPrimitives.ReadUInt64LittleEndian(Take(8, what));

    /// <summary>
    /// A number of things of which each takes at least so many bytes: no more than what is left of the file can hold.
    /// </summary>
    public long ReadCount(int minBytesEach, string what)
    {
        var count = ReadUInt64(what);
        if (count <= (ulong)(Remaining / minBytesEach))
        {
            return (long)count;
        }

        Truncated($"{what} is {count}");
        return 0;
    }

    /// <summary>A text with its length before it; null after a fault. Bytes that are not UTF-8 become U+FFFD.</summary>
    /// <param name="maxBytes">More than this cannot be meant.</param>
    /// <param name="what">Names it in a message.</param>
    public string? ReadText(int maxBytes, string what)
    {
        var length = ReadLength(maxBytes, what);
        if (Fault is not null)
        {
            return null;
        }

        if (length <= BufferLength)
        {
            return Encoding.UTF8.GetString(Take(length, what));
        }

        var bytes = new byte[length];
        for (var done = 0; done < length && Fault is null;)
        {
            var portion = Math.Min(BufferLength, length - done);
            Take(portion, what).CopyTo(bytes.AsSpan(done));
            done += portion;
        }

        return Fault is null ? Encoding.UTF8.GetString(bytes) : null;
    }

    /// <summary>The bytes of a text; valid until the next call. Empty after a fault.</summary>
    /// <param name="maxBytes">At most <see cref="BufferLength"/>.</param>
    /// <param name="what">Names it in a message.</param>
    public ReadOnlySpan<byte> ReadTextBytes(int maxBytes, string what)
    {
        var length = ReadLength(Math.Min(maxBytes, BufferLength), what);
        return Fault is null ? Take(length, what) : [];
    }

    /// <summary>Goes on behind so many bytes.</summary>
    public void Skip(ulong count, string what)
    {
        if (count > (ulong)Remaining)
        {
            Truncated(what);
        }
        else if (Fault is null)
        {
            SeekTo(Position + (long)count);
        }
    }

    /// <summary>Goes on at a place within the file.</summary>
    public void SeekTo(long position)
    {
        if (position >= _bufferStart && position <= _bufferStart + _bufferCount)
        {
            _at = (int)(position - _bufferStart);
            return;
        }

        _stream.Position = position;
        _bufferStart = position;
        _bufferCount = 0;
        _at = 0;
    }

    private int ReadLength(int maxBytes, string what)
    {
        var length = ReadUInt64($"the length of {what}");
        if (length > (ulong)Remaining)
        {
            Truncated(what);
        }
        else if (length > (ulong)maxBytes)
        {
            Fail(ModelFileError.Malformed, $"has {length} bytes for {what}, which can have {maxBytes}");
        }

        return Fault is null ? (int)length : 0;
    }

    private ReadOnlySpan<byte> Take(int count, string what)
    {
        if (Fault is null && count > Remaining)
        {
            Truncated(what);
        }

        if (Fault is null && _bufferCount - _at < count)
        {
            Refill(count, what);
        }

        if (Fault is not null)
        {
            // As many zeros as were asked for: the buffer's content means nothing any more.
            _buffer.AsSpan(0, count).Clear();
            return _buffer.AsSpan(0, count);
        }

        _at += count;
        return _buffer.AsSpan(_at - count, count);
    }

    private void Refill(int count, string what)
    {
        var kept = _bufferCount - _at;
        _buffer.AsSpan(_at, kept).CopyTo(_buffer);
        _bufferStart += _at;
        _at = 0;
        _bufferCount = kept + _stream.ReadAtLeast(_buffer.AsSpan(kept), count - kept, throwOnEndOfStream: false);
        if (_bufferCount < count)
        {
            // It was longer a moment ago.
            Truncated(what);
        }
    }

    private void Truncated(string what) => Fail(
        ModelFileError.Truncated,
        $"is incomplete: it has {Length} bytes and ends within {what}");
}
