using System.Numerics;

namespace InferenceServer.Inference.Models;

/// <summary>
/// The keys and tensors of one GGUF file, checked as far as the file format goes: everything lies within the file,
/// nothing overlaps or appears twice. What a model needs beyond that is not looked at. Immutable.
/// </summary>
internal sealed class GgufHeader
{
    // Limits that no sound file comes near, so that a lie in a length costs nothing: the format allows keys of 65,535
    // bytes; chat templates, the longest texts, have some tens of kilobytes.
    private const int MaxKeyBytes = 65_535;
    private const int MaxTextBytes = 16 * 1024 * 1024;

    // The fewest bytes that one can have: a key of one letter with a value of one byte; a tensor without a name.
    private const int MinKeyBytes = 8 + 1 + 4 + 1;
    private const int MinTensorBytes = 8 + 4 + 4 + 8;

    // ggml keeps names in arrays of 64 bytes, the last of them zero, and shapes in arrays of four.
    private const int MaxTensorNameBytes = 63;
    private const int MaxDimensions = 4;

    private const int DefaultAlignment = 32;

    private readonly Dictionary<string, GgufValue> _values = new(StringComparer.Ordinal);
    private readonly List<GgufTensorInfo> _tensors = [];

    private GgufHeader()
    {
    }

    /// <summary>All keys.</summary>
    public IReadOnlyDictionary<string, GgufValue> Values => _values;

    /// <summary>All tensors, in the order of their bytes.</summary>
    public IReadOnlyList<GgufTensorInfo> Tensors => _tensors;

    /// <summary>Reads from the file's beginning; null if the reader found a fault.</summary>
    public static GgufHeader? Read(GgufReader reader)
    {
        var header = new GgufHeader();
        GgufSignature.Check(reader);
        var numTensors = reader.ReadCount(MinTensorBytes, "the number of tensors");
        var numKeys = reader.ReadCount(MinKeyBytes, "the number of keys");
        for (var i = 0L; i < numKeys && reader.Fault is null; i++)
        {
            header.ReadKey(reader);
        }

        var alignment = header.ReadAlignment(reader);
        var names = new HashSet<string>(StringComparer.Ordinal);
        var offset = 0L;
        for (var i = 0L; i < numTensors && reader.Fault is null; i++)
        {
            header.ReadTensor(reader, names, alignment, ref offset);
        }

        header.PlaceTensors(reader, alignment);
        return reader.Fault is null ? header : null;
    }

    /// <summary>A text, or null if the key is not there or is no text.</summary>
    public string? FindText(string key) => _values.TryGetValue(key, out var value) ? value.Text : null;

    /// <summary>A number, or null if the key is not there, is no number or is not finite.</summary>
    public double? FindNumber(string key) => _values.TryGetValue(key, out var value) && double.IsFinite(value.Number) ? value.Number : null;

    private void ReadKey(GgufReader reader)
    {
        var key = reader.ReadText(MaxKeyBytes, "a key");
        if (key is null)
        {
            return;
        }

        var type = (GgufValueType)reader.ReadUInt32("a value's type");
        var value = type == GgufValueType.Array ? ReadArray(reader, key) : ReadScalar(reader, type, key);
        if (key.Length == 0)
        {
            reader.Fail(ModelFileError.Malformed, "has a key without a name");
        }
        else if (reader.Fault is null && !_values.TryAdd(key, value))
        {
            reader.Fail(ModelFileError.Malformed, $"has the key {ModelFileFault.Quote(key)} twice");
        }
    }

    private static GgufValue ReadArray(GgufReader reader, string key)
    {
        var what = $"the array {ModelFileFault.Quote(key)}";
        var type = (GgufValueType)reader.ReadUInt32(what);
        var elementBytes = SizeOf(type);
        if (elementBytes == 0)
        {
            reader.Fail(ModelFileError.Malformed, $"has {what} of elements of unknown type {(uint)type}");
            return default;
        }

        var count = reader.ReadCount(elementBytes, $"the length of {what}");
        var value = new GgufValue { Type = type, IsArray = true, Count = count, Position = reader.Position, Number = double.NaN };
        if (type == GgufValueType.Text)
        {
            for (var i = 0L; i < count && reader.Fault is null; i++)
            {
                reader.Skip(reader.ReadUInt64(what), what);
            }
        }
        else
        {
            reader.Skip((ulong)count * (ulong)elementBytes, what);
        }

        return value;
    }

    private static GgufValue ReadScalar(GgufReader reader, GgufValueType type, string key)
    {
        var what = $"the value of {ModelFileFault.Quote(key)}";
        if (type == GgufValueType.Text)
        {
            return new GgufValue { Type = type, Text = reader.ReadText(MaxTextBytes, what), Number = double.NaN };
        }

        double number;
        switch (type)
        {
            case GgufValueType.UInt8: number = reader.ReadByte(what); break;
            case GgufValueType.Int8: number = (sbyte)reader.ReadByte(what); break;
            case GgufValueType.Bool: number = reader.ReadByte(what) != 0 ? 1 : 0; break;
            case GgufValueType.UInt16: number = reader.ReadUInt16(what); break;
            case GgufValueType.Int16: number = (short)reader.ReadUInt16(what); break;
            case GgufValueType.UInt32: number = reader.ReadUInt32(what); break;
            case GgufValueType.Int32: number = (int)reader.ReadUInt32(what); break;
            case GgufValueType.Float32: number = BitConverter.UInt32BitsToSingle(reader.ReadUInt32(what)); break;
            case GgufValueType.UInt64: number = reader.ReadUInt64(what); break;
            case GgufValueType.Int64: number = (long)reader.ReadUInt64(what); break;
            case GgufValueType.Float64: number = BitConverter.UInt64BitsToDouble(reader.ReadUInt64(what)); break;
            default:
                reader.Fail(ModelFileError.Malformed, $"has {what} of unknown type {(uint)type}");
                return default;
        }

        return new GgufValue { Type = type, Number = number };
    }

    /// <summary>Bytes of an array element, of a text's length for texts; 0 for what cannot be an element.</summary>
    private static int SizeOf(GgufValueType type) => type switch
    {
        GgufValueType.UInt8 or GgufValueType.Int8 or GgufValueType.Bool => 1,
        GgufValueType.UInt16 or GgufValueType.Int16 => 2,
        GgufValueType.UInt32 or GgufValueType.Int32 or GgufValueType.Float32 => 4,
        GgufValueType.UInt64 or GgufValueType.Int64 or GgufValueType.Float64 or GgufValueType.Text => 8,
        _ => 0,
    };

    private long ReadAlignment(GgufReader reader)
    {
        if (!_values.TryGetValue("general.alignment", out var value))
        {
            return DefaultAlignment;
        }

        if (value.IsArray || value.Type != GgufValueType.UInt32 || !BitOperations.IsPow2((uint)value.Number))
        {
            reader.Fail(ModelFileError.Malformed, "has a general.alignment that is no power of two");
            return DefaultAlignment;
        }

        return (long)value.Number;
    }

    /// <param name="reader">Stands before the tensor's name.</param>
    /// <param name="names">All names so far.</param>
    /// <param name="alignment">Every tensor begins at a multiple of it.</param>
    /// <param name="offset">Where the tensor must begin, counted from the first one; then where the next must.</param>
    private void ReadTensor(GgufReader reader, HashSet<string> names, long alignment, ref long offset)
    {
        var name = reader.ReadText(MaxTensorNameBytes, "a tensor's name") ?? "";
        var what = $"the tensor {ModelFileFault.Quote(name)}";
        var dimensions = ReadDimensions(reader, what, out var numElements);
        var typeNumber = reader.ReadUInt32(what);
        var tensorOffset = reader.ReadUInt64(what);
        if (reader.Fault is not null)
        {
            return;
        }

        if (GgmlType.Find(typeNumber) is not { } type)
        {
            reader.Fail(ModelFileError.UnsupportedTensorType, $"has {what} of type {typeNumber}, which the bundled llama.cpp does not know");
            return;
        }

        if (dimensions[0] % type.BlockLength != 0)
        {
            reader.Fail(ModelFileError.Malformed, $"has {what} with rows of {dimensions[0]}, which type {type.Name} cannot hold");
            return;
        }

        // No overflow: there are fewer than 2^56 elements (ReadDimensions) and a block has 292 bytes at most for 256 of them.
        var numBytes = numElements / type.BlockLength * type.BlockBytes;
        if (!names.Add(name))
        {
            reader.Fail(ModelFileError.Malformed, $"has {what} twice");
        }
        else if (tensorOffset != (ulong)offset)
        {
            reader.Fail(ModelFileError.Malformed, $"has {what} at offset {tensorOffset}, where {offset} follows from the tensors before it");
        }
        else if (numBytes > reader.Length)
        {
            reader.Fail(ModelFileError.Truncated, $"is incomplete: it has {reader.Length} bytes, and {what} alone has {numBytes}");
        }
        else
        {
            _tensors.Add(new GgufTensorInfo(name, type, dimensions, numElements, offset, numBytes));
            offset = AlignUp(offset + numBytes, alignment);
        }
    }

    private static long[] ReadDimensions(GgufReader reader, string what, out long numElements)
    {
        const long MaxElements = 1L << 56;
        numElements = 1;
        var count = reader.ReadUInt32(what);
        if (count is 0 or > MaxDimensions)
        {
            reader.Fail(ModelFileError.Malformed, $"has {what} with {count} dimensions");
            return [];
        }

        var dimensions = new long[count];
        for (var i = 0; i < dimensions.Length; i++)
        {
            var dimension = reader.ReadUInt64(what);
            if (dimension == 0 || dimension >= (ulong)(MaxElements / numElements))
            {
                reader.Fail(ModelFileError.Malformed, $"has {what} with a dimension of {dimension}");
                return dimensions;
            }

            dimensions[i] = (long)dimension;
            numElements *= dimensions[i];
        }

        return dimensions;
    }

    /// <summary>Turns offsets into places, now that the end of the header is known, and holds them against the file's length.</summary>
    private void PlaceTensors(GgufReader reader, long alignment)
    {
        if (reader.Fault is not null || _tensors.Count == 0)
        {
            return;
        }

        var start = AlignUp(reader.Position, alignment);
        for (var i = 0; i < _tensors.Count; i++)
        {
            _tensors[i] = _tensors[i] with { Position = start + _tensors[i].Position };
        }

        var last = _tensors[^1];
        if (last.Position + last.NumBytes > reader.Length)
        {
            reader.Fail(
                ModelFileError.Truncated,
                $"is incomplete: it has {reader.Length} bytes of {last.Position + last.NumBytes}");
        }
    }

    private static long AlignUp(long position, long alignment) => (position + alignment - 1) & -alignment;
}
