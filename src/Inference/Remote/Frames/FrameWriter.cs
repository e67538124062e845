using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace InferenceServer.Inference.Remote.Frames;

/// <summary>Writes frames one after the other into a buffer that grows and is used again. One thread at a time.</summary>
internal sealed class FrameWriter
{
    private byte[] _buffer = new byte[1024];
    private int _length;
    private int _start = -1;

    /// <summary>Whole frames, and what was begun of another.</summary>
    public ReadOnlyMemory<byte> Written => _buffer.AsMemory(0, _length);

    /// <summary>True: there is nothing to send.</summary>
    public bool IsEmpty => _length == 0;

    /// <summary>Begins a frame.</summary>
    public void Begin(FrameKind kind)
    {
        _start = _length;
        Reserve(FrameHeader.Size);
        Byte((byte)kind);
    }

    /// <summary>Ends the frame that was begun. Throws <see cref="FrameException"/> if it is too large for anybody to take; it is dropped then.</summary>
    public void End()
    {
        var payload = _buffer.AsSpan((_start + FrameHeader.Size)..(_length));
        if (payload.Length > FrameHeader.MaxPayload)
        {
            _length = _start;
            throw new FrameException($"A message of {payload.Length} bytes is too large: {FrameHeader.MaxPayload} at most.");
        }

        FrameHeader.Write(_buffer.AsSpan(_start), payload);
    }

    /// <summary>Forgets what was written.</summary>
    public void Clear() => _length = 0;

    /// <summary>A byte.</summary>
    public void Byte(byte value) => Reserve(1)[0] = value;

    /// <summary>Yes or no.</summary>
    public void Bool(bool value) => Byte(value ? (byte)1 : (byte)0);

    /// <summary>A number that is usually small, in one to ten bytes.</summary>
    public void Number(long value)
    {
        // Zigzag: the sign goes to the lowest bit, so that small negative numbers are short as well.
        var rest = (ulong)((value << 1) ^ (value >> 63));
        while (rest >= 0x80)
        {
            Byte((byte)(rest | 0x80));
            rest >>= 7;
        }

        Byte((byte)rest);
    }

    /// <summary>A number, or none.</summary>
    public void OptionalNumber(long? value)
    {
        Bool(value is not null);
        if (value is { } number)
        {
            Number(number);
        }
    }

    /// <summary>A number in four bytes, every bit of it.</summary>
    public void Single(float value) => BinaryPrimitives.WriteSingleLittleEndian(Reserve(sizeof(float)), value);

    /// <summary>A number in eight bytes, every bit of it.</summary>
    public void Double(double value) => BinaryPrimitives.WriteDoubleLittleEndian(Reserve(sizeof(double)), value);

    /// <summary>A text, every UTF-16 unit of it: also one that is no valid Unicode comes out as it went in.</summary>
    public void Text(string value)
    {
        Number(value.Length);
        MemoryMarshal.AsBytes(value.AsSpan()).CopyTo(Reserve(checked(value.Length * sizeof(char))));
    }

    /// <summary>A text, or none.</summary>
    public void OptionalText(string? value)
    {
        Bool(value is not null);
        if (value is not null)
        {
            Text(value);
        }
    }

    /// <summary>Bytes.</summary>
    public void Bytes(ReadOnlySpan<byte> value)
    {
        Number(value.Length);
        Raw(value);
    }

    /// <summary>Bytes without their number: a part of a frame that was written elsewhere.</summary>
    public void Raw(ReadOnlySpan<byte> value) => value.CopyTo(Reserve(value.Length));

    /// <summary>Token ids.</summary>
    public void Tokens(ReadOnlySpan<int> value)
    {
        Number(value.Length);
        MemoryMarshal.AsBytes(value).CopyTo(Reserve(checked(value.Length * sizeof(int))));
    }

    /// <summary>Numbers in four bytes each.</summary>
    public void Singles(ReadOnlySpan<float> value)
    {
        Number(value.Length);
        MemoryMarshal.AsBytes(value).CopyTo(Reserve(checked(value.Length * sizeof(float))));
    }

    private Span<byte> Reserve(int count)
    {
        var needed = checked(_length + count);
        if (needed > _buffer.Length)
        {
            Array.Resize(ref _buffer, (int)Math.Min(Array.MaxLength, Math.Max(needed, 2L * _buffer.Length)));
        }

        var reserved = _buffer.AsSpan(_length, count);
        _length = needed;
        return reserved;
    }
}
