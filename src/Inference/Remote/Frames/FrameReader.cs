using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace InferenceServer.Inference.Remote.Frames;

/// <summary>Reads what <see cref="FrameWriter"/> wrote, value by value. Whatever does not fit is a <see cref="FrameException"/>, and nothing is allocated for lengths that cannot be.</summary>
/// <param name="payload">A payload without its kind.</param>
internal ref struct FrameReader(ReadOnlySpan<byte> payload)
{
    private ReadOnlySpan<byte> _rest = payload;

    /// <summary>True: all was read.</summary>
    public readonly bool IsAtEnd => _rest.IsEmpty;

    /// <summary>All must have been read.</summary>
    public readonly void End()
    {
        if (!IsAtEnd)
        {
            throw new FrameException($"A frame has {_rest.Length} bytes too many.");
        }
    }

    /// <summary>A byte.</summary>
    public byte Byte() => Take(1)[0];

    /// <summary>Yes or no.</summary>
    public bool Bool() => Byte() switch
    {
        0 => false,
        1 => true,
        var other => throw new FrameException($"{other} is neither yes nor no."),
    };

    /// <summary>A number.</summary>
    public long Number()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var next = Byte();
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return (long)(value >> 1) ^ -(long)(value & 1);
            }
        }

        throw new FrameException("A number does not end.");
    }

    /// <summary>A number that fits into 32 bits.</summary>
    public int Int() => Number() is >= int.MinValue and <= int.MaxValue and var value ? (int)value : throw new FrameException("A number is too large.");

    /// <summary>A number of things, each of which takes at least so many bytes of what is left.</summary>
    public int Count(int itemBytes = 1)
    {
        var count = Number();
        return count >= 0 && count <= _rest.Length / itemBytes ? (int)count : throw new FrameException($"A frame cannot hold {count} items.");
    }

    /// <summary>A number, or none.</summary>
    public int? OptionalInt() => Bool() ? Int() : null;

    /// <summary>A number, or none.</summary>
    public long? OptionalNumber() => Bool() ? Number() : null;

    /// <summary>A member of an enum.</summary>
    public T Member<T>()
        where T : struct, Enum
    {
        var value = (T)Enum.ToObject(typeof(T), Byte());
        return Enum.IsDefined(value) ? value : throw new FrameException($"{value} is no {typeof(T).Name}.");
    }

    /// <summary>A number in four bytes.</summary>
    public float Single() => BinaryPrimitives.ReadSingleLittleEndian(Take(sizeof(float)));

    /// <summary>A number in eight bytes.</summary>
    public double Double() => BinaryPrimitives.ReadDoubleLittleEndian(Take(sizeof(double)));

    /// <summary>A text.</summary>
    public string Text() => new(MemoryMarshal.Cast<byte, char>(Take(Count(sizeof(char)) * sizeof(char))));

    /// <summary>A text, or none.</summary>
    public string? OptionalText() => Bool() ? Text() : null;

    /// <summary>Bytes; valid as long as the payload is.</summary>
    public ReadOnlySpan<byte> Bytes() => Take(Count());

    /// <summary>Token ids.</summary>
    public int[] Tokens() => MemoryMarshal.Cast<byte, int>(Take(Count(sizeof(int)) * sizeof(int))).ToArray();

    /// <summary>Numbers in four bytes each.</summary>
    public float[] Singles() => MemoryMarshal.Cast<byte, float>(Take(Count(sizeof(float)) * sizeof(float))).ToArray();

    /// <summary>Items one after the other, after their number.</summary>
    /// <param name="read">Reads one.</param>
    /// <param name="itemBytes">What each takes at least.</param>
    public ImmutableArray<T> Items<T>(FrameItemReader<T> read, int itemBytes = 1)
    {
        var items = ImmutableArray.CreateBuilder<T>(Count(itemBytes));
        for (var left = items.Capacity; left > 0; left--)
        {
            items.Add(read(ref this));
        }

        return items.MoveToImmutable();
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _rest.Length)
        {
            throw new FrameException($"A frame ends {count - _rest.Length} bytes too early.");
        }

        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}

/// <summary>Reads one of <see cref="FrameReader.Items"/>.</summary>
internal delegate T FrameItemReader<out T>(ref FrameReader reader);
