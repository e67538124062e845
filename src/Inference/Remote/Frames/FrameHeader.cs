using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace InferenceServer.Inference.Remote.Frames;

/// <summary>
/// What stands before every payload: its length, the length's complement and the payload's CRC-32C, four bytes each, little-endian. A wrong length would be
/// waited for; a wrong payload would be believed.
/// </summary>
internal static class FrameHeader
{
    /// <summary>Bytes of a header.</summary>
    public const int Size = 12;

    /// <summary>Bytes of a payload at most: more than the largest prompt that fits a request body by default, in UTF-16.</summary>
    public const int MaxPayload = 1 << 28;

    /// <summary>Writes the header of a payload.</summary>
    public static void Write(Span<byte> header, ReadOnlySpan<byte> payload)
    {
        BinaryPrimitives.WriteInt32LittleEndian(header, payload.Length);
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], ~payload.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], Checksum(payload));
    }

    /// <summary>The payload's length. Throws <see cref="FrameException"/> if this is no header.</summary>
    public static int ReadLength(ReadOnlySpan<byte> header)
    {
        var length = BinaryPrimitives.ReadInt32LittleEndian(header);
        if (BinaryPrimitives.ReadInt32LittleEndian(header[4..]) != ~length)
        {
            throw new FrameException("A frame's length is damaged.");
        }

        return length is >= 1 and <= MaxPayload ? length : throw new FrameException($"A frame of {length} bytes is not possible: 1 to {MaxPayload} are.");
    }

    /// <summary>Throws <see cref="FrameException"/> unless a payload is the one that the header was written for.</summary>
    public static void Check(ReadOnlySpan<byte> header, ReadOnlySpan<byte> payload)
    {
        if (BinaryPrimitives.ReadUInt32LittleEndian(header[8..]) != Checksum(payload))
        {
            throw new FrameException($"A frame of {payload.Length} bytes is damaged.");
        }
    }

    // One instruction for eight bytes where the processor has it.
    private static uint Checksum(ReadOnlySpan<byte> payload)
    {
        var sum = uint.MaxValue;
        foreach (var word in MemoryMarshal.Cast<byte, ulong>(payload))
        {
            sum = BitOperations.Crc32C(sum, word);
        }

        foreach (var rest in payload[^(payload.Length % sizeof(ulong))..])
        {
            sum = BitOperations.Crc32C(sum, rest);
        }

        return ~sum;
    }
}
