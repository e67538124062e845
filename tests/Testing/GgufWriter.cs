using System.Text;

namespace InferenceServer.Testing;

/// <summary>
/// Writes GGUF files: keys and tensors in the order they were added, tensors padded to the alignment. Says what it is
/// told, right or wrong, so that tests can also make files that no reader should accept.
/// </summary>
internal sealed class GgufWriter
{
    private const int Alignment = 32;

    private readonly List<KeyValuePair<string, object>> _keys = [];
    private readonly List<GgufTensor> _tensors = [];

    /// <summary>Version in the header.</summary>
    public uint Version { get; set; } = 3;

    /// <summary>The tensors so far.</summary>
    public IReadOnlyList<GgufTensor> Tensors => _tensors;

    /// <summary>Adds a key or changes its value. The value's .NET type decides the type in the file; arrays become arrays.</summary>
    public GgufWriter Set(string key, object value)
    {
        var at = _keys.FindIndex(pair => pair.Key == key);
        if (at < 0)
        {
            _keys.Add(new(key, value));
        }
        else
        {
            _keys[at] = new(key, value);
        }

        return this;
    }

    /// <summary>Takes a key out, if it is there.</summary>
    public GgufWriter Remove(string key)
    {
        _keys.RemoveAll(pair => pair.Key == key);
        return this;
    }

    /// <summary>Adds a tensor; the fastest dimension comes first.</summary>
    public GgufWriter Add(GgufTensor tensor)
    {
        _tensors.Add(tensor);
        return this;
    }

    /// <summary>Takes tensors out.</summary>
    public GgufWriter RemoveTensors(Predicate<GgufTensor> match)
    {
        _tensors.RemoveAll(match);
        return this;
    }

    /// <summary>The file as bytes.</summary>
    public byte[] ToArray()
    {
        using var stream = new MemoryStream();
        Write(stream, _keys, _tensors);
        return stream.ToArray();
    }

    /// <summary>The bytes before the tensors' data, padding included.</summary>
    public int HeaderLength()
    {
        using var stream = new MemoryStream();
        return Write(stream, _keys, _tensors);
    }

    /// <summary>Writes one file.</summary>
    public void WriteTo(string path)
    {
        using var stream = File.Create(path);
        Write(stream, _keys, _tensors);
    }

    /// <summary>
    /// Writes <c>NAME-00001-of-0000N.gguf</c> and so on, each with some of the tensors, and returns the paths in order.
    /// </summary>
    public IReadOnlyList<string> WriteShards(string directory, string name, int count)
    {
        var paths = new List<string>();
        for (var i = 0; i < count; i++)
        {
            var keys = new List<KeyValuePair<string, object>>(i == 0 ? _keys : [])
            {
                new("split.no", (ushort)i),
                new("split.count", (ushort)count),
                new("split.tensors.count", _tensors.Count),
            };
            var first = _tensors.Count * i / count;
            var tensors = _tensors[first..(_tensors.Count * (i + 1) / count)];
            var path = Path.Combine(directory, $"{name}-{i + 1:00000}-of-{count:00000}.gguf");
            using var stream = File.Create(path);
            Write(stream, keys, tensors);
            paths.Add(path);
        }

        return paths;
    }

    /// <summary>Writes a file and returns the length of its header.</summary>
    private int Write(Stream stream, List<KeyValuePair<string, object>> keys, List<GgufTensor> tensors)
    {
        using var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true);
        writer.Write("GGUF"u8);
        writer.Write(Version);
        writer.Write((long)tensors.Count);
        writer.Write((long)keys.Count);
        foreach (var (key, value) in keys)
        {
            WriteString(writer, key);
            WriteValue(writer, value);
        }

        var offset = 0L;
        foreach (var tensor in tensors)
        {
            WriteString(writer, tensor.Name);
            writer.Write(tensor.Dimensions.Length);
            foreach (var dimension in tensor.Dimensions)
            {
                writer.Write(dimension);
            }

            writer.Write(tensor.Type);
            writer.Write(offset);
            offset += Padded(tensor.Length);
        }

        Pad(writer);
        var headerLength = (int)stream.Position;
        foreach (var tensor in tensors)
        {
            writer.Write(tensor.Data);
            writer.Flush();
            stream.Position += tensor.Length - tensor.Data.Length;
            Pad(writer);
        }

        // A hole at the end is there only once the length says so.
        stream.SetLength(stream.Position);
        return headerLength;
    }

    private static long Padded(long length) => (length + Alignment - 1) / Alignment * Alignment;

    private static void Pad(BinaryWriter writer)
    {
        var position = writer.BaseStream.Position;
        writer.Write(new byte[Padded(position) - position]);
    }

    private static void WriteValue(BinaryWriter writer, object value)
    {
        if (value is Array array)
        {
            writer.Write(9);
            writer.Write(TypeOf(Activate(array.GetType().GetElementType()!)));
            writer.Write((long)array.Length);
            foreach (var element in array)
            {
                WriteScalar(writer, element);
            }
        }
        else
        {
            writer.Write(TypeOf(value));
            WriteScalar(writer, value);
        }
    }

    private static object Activate(Type type) => type == typeof(string) ? "" : Activator.CreateInstance(type)!;

    private static int TypeOf(object value) => value switch
    {
        byte => 0,
        sbyte => 1,
        ushort => 2,
        short => 3,
        uint => 4,
        int => 5,
        float => 6,
        bool => 7,
        string => 8,
        ulong => 10,
        long => 11,
        double => 12,
        _ => throw new ArgumentException($"GGUF has no type for {value.GetType()}.", nameof(value)),
    };

    private static void WriteScalar(BinaryWriter writer, object value)
    {
        switch (value)
        {
            case byte v: writer.Write(v); break;
            case sbyte v: writer.Write(v); break;
            case ushort v: writer.Write(v); break;
            case short v: writer.Write(v); break;
            case uint v: writer.Write(v); break;
            case int v: writer.Write(v); break;
            case float v: writer.Write(v); break;
            case bool v: writer.Write(v); break;
            case string v: WriteString(writer, v); break;
            case ulong v: writer.Write(v); break;
            case long v: writer.Write(v); break;
            case double v: writer.Write(v); break;
            default: throw new ArgumentException($"GGUF has no type for {value.GetType()}.", nameof(value));
        }
    }

    private static void WriteString(BinaryWriter writer, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((long)bytes.Length);
        writer.Write(bytes);
    }
}
