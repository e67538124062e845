using System.Buffers.Binary;
using System.Text;

namespace InferenceServer.Testing;

/// <summary>Reads which functions a 64-bit little-endian Mach-O library offers, on any operating system.</summary>
internal static class MachOExports
{
    private const uint Magic = 0xFEED_FACF;
    private const int SymbolTableCommand = 2;
    private const int HeaderSize = 32, SymbolSize = 16;
    private const byte Debugging = 0xE0, TypeMask = 0x0E, External = 0x01;

    /// <summary>Names of the defined external symbols, without the underscore that every C name has there.</summary>
    public static HashSet<string> Read(string path)
    {
        var file = File.ReadAllBytes(path);
        if (BinaryPrimitives.ReadUInt32LittleEndian(file) != Magic)
        {
            throw new InvalidDataException($"{path} is not a 64-bit little-endian Mach-O file.");
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        var command = file.AsSpan(HeaderSize);
        for (var left = BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(16)); left > 0; left--)
        {
            if (BinaryPrimitives.ReadInt32LittleEndian(command) == SymbolTableCommand)
            {
                ReadSymbols(file, command, names);
            }

            command = command[BinaryPrimitives.ReadInt32LittleEndian(command[4..])..];
        }

        return names;
    }

    private static void ReadSymbols(byte[] file, ReadOnlySpan<byte> command, HashSet<string> names)
    {
        var symbols = file.AsSpan(BinaryPrimitives.ReadInt32LittleEndian(command[8..]));
        var strings = file.AsSpan(BinaryPrimitives.ReadInt32LittleEndian(command[16..]));
        for (var left = BinaryPrimitives.ReadInt32LittleEndian(command[12..]); left > 0; left--)
        {
            var type = symbols[4];
            if ((type & Debugging) == 0 && (type & External) != 0 && (type & TypeMask) != 0)
            {
                var name = strings[BinaryPrimitives.ReadInt32LittleEndian(symbols)..];
                names.Add(Encoding.ASCII.GetString(name[..name.IndexOf((byte)0)]).TrimStart('_'));
            }

            symbols = symbols[SymbolSize..];
        }
    }
}
