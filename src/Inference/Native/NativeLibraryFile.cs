using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace InferenceServer.Inference.Native;

/// <summary>
/// Looks at a library's header before the system's loader maps it: of a library that was cut short (a full disk, an
/// interrupted copy) the loader touches pages that are not there, and the process dies.
/// </summary>
internal static class NativeLibraryFile
{
    private const int ElfHeaderSize = 64, ElfProgramHeaderSize = 56, ElfLoad = 1;
    private const int ElfX64 = 62, ElfArm64 = 183;
    private const int MachHeaderSize = 32, MachSegment64 = 0x19;
    private const uint MachMagic = 0xFEED_FACF, MachX64 = 0x0100_0007, MachArm64 = 0x0100_000C;

    /// <summary>More than the headers of any library here have.</summary>
    private const int MaxHeaders = 64 * 1024;

    /// <summary>ELF, 64-bit, little-endian.</summary>
    private static readonly byte[] ElfMagic = [0x7F, 0x45, 0x4C, 0x46, 2, 1];

    /// <summary>Why the loader must not see the file, in words; null if nothing speaks against it.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public static string? FindDamage(string path, Architecture architecture)
    {
        using var file = File.OpenRead(path);
        var headers = new byte[Math.Min(file.Length, MaxHeaders)];
        file.ReadExactly(headers);
        try
        {
            return headers.AsSpan().StartsWith(ElfMagic) ? FindElfDamage(headers, file.Length, architecture)
                : headers.Length >= MachHeaderSize && BinaryPrimitives.ReadUInt32LittleEndian(headers) == MachMagic ? FindMachDamage(headers, file.Length, architecture)
                : "it is not a library";
        }
        catch (ArgumentOutOfRangeException)
        {
            return "its header is damaged";
        }
    }

    private static string? FindElfDamage(ReadOnlySpan<byte> headers, long length, Architecture architecture)
    {
        if (headers.Length < ElfHeaderSize)
        {
            return CutShort(length, ElfHeaderSize);
        }

        if (BinaryPrimitives.ReadUInt16LittleEndian(headers[18..]) != (architecture == Architecture.Arm64 ? ElfArm64 : ElfX64))
        {
            return $"it is for another processor than {architecture}";
        }

        var needed = 0L;
        var position = (int)Math.Clamp(BinaryPrimitives.ReadInt64LittleEndian(headers[32..]), ElfHeaderSize, MaxHeaders);
        for (int left = BinaryPrimitives.ReadUInt16LittleEndian(headers[56..]); left > 0; left--, position += ElfProgramHeaderSize)
        {
            var segment = headers.Slice(position, ElfProgramHeaderSize);
            if (BinaryPrimitives.ReadInt32LittleEndian(segment) == ElfLoad)
            {
                needed = Math.Max(needed, BinaryPrimitives.ReadInt64LittleEndian(segment[8..]) + BinaryPrimitives.ReadInt64LittleEndian(segment[32..]));
            }
        }

        return needed > length ? CutShort(length, needed) : null;
    }

    private static string? FindMachDamage(ReadOnlySpan<byte> headers, long length, Architecture architecture)
    {
        if (BinaryPrimitives.ReadUInt32LittleEndian(headers[4..]) != (architecture == Architecture.Arm64 ? MachArm64 : MachX64))
        {
            return $"it is for another processor than {architecture}";
        }

        var needed = 0L;
        var command = headers[MachHeaderSize..];
        for (var left = BinaryPrimitives.ReadInt32LittleEndian(headers[16..]); left > 0; left--)
        {
            if (BinaryPrimitives.ReadInt32LittleEndian(command[..4]) == MachSegment64)
            {
                var extent = command.Slice(40, 16);
                needed = Math.Max(needed, BinaryPrimitives.ReadInt64LittleEndian(extent) + BinaryPrimitives.ReadInt64LittleEndian(extent[8..]));
            }

            command = command[BinaryPrimitives.ReadInt32LittleEndian(command.Slice(4, 4))..];
        }

        return needed > length ? CutShort(length, needed) : null;
    }

    private static string CutShort(long length, long needed) => $"it is cut short, {length} bytes of at least {needed}";
}
