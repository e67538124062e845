using System.Buffers.Binary;
using System.Text;

namespace InferenceServer.Testing;

/// <summary>Reads which functions a 64-bit little-endian ELF library offers, on any operating system.</summary>
internal static class ElfExports
{
    // "\x7FELF", 64-bit, little-endian.
    private static readonly byte[] Magic = [0x7F, 0x45, 0x4C, 0x46, 2, 1];
    private const int DynamicSymbols = 11;
    private const int HeaderSize = 64, SymbolSize = 24;
    private const int LocalBinding = 0;

    /// <summary>Names of the defined global symbols in the dynamic symbol table.</summary>
    public static HashSet<string> Read(string path)
    {
        var file = File.ReadAllBytes(path);
        if (!file.AsSpan().StartsWith(Magic))
        {
            throw new InvalidDataException($"{path} is not a 64-bit little-endian ELF file.");
        }

        var sections = (int)BinaryPrimitives.ReadInt64LittleEndian(file.AsSpan(40));
        var count = BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(60));
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var index = 0; index < count; index++)
        {
            var section = file.AsSpan(sections + (index * HeaderSize), HeaderSize);
            if (BinaryPrimitives.ReadInt32LittleEndian(section[4..]) == DynamicSymbols)
            {
                var strings = file.AsSpan(sections + (BinaryPrimitives.ReadInt32LittleEndian(section[40..]) * HeaderSize), HeaderSize);
                ReadSymbols(file, Range(section), Range(strings), names);
            }
        }

        return names;
    }

    private static Range Range(ReadOnlySpan<byte> section)
    {
        var start = (int)BinaryPrimitives.ReadInt64LittleEndian(section[24..]);
        return start..(start + (int)BinaryPrimitives.ReadInt64LittleEndian(section[32..]));
    }

    private static void ReadSymbols(byte[] file, Range symbols, Range strings, HashSet<string> names)
    {
        var table = file.AsSpan(strings);
        for (var rest = file.AsSpan(symbols); rest.Length >= SymbolSize; rest = rest[SymbolSize..])
        {
            var isDefined = BinaryPrimitives.ReadUInt16LittleEndian(rest[6..]) != 0;
            var isGlobal = rest[4] >> 4 != LocalBinding;
            if (isDefined && isGlobal)
            {
                var name = table[BinaryPrimitives.ReadInt32LittleEndian(rest)..];
                names.Add(Encoding.ASCII.GetString(name[..name.IndexOf((byte)0)]));
            }
        }
    }
}
