using System.Buffers.Binary;

namespace InferenceServer.Telemetry.Memory.MacOS;

/// <summary>The kernel's <c>vm_statistics64</c>, in pages. Pure.</summary>
internal readonly record struct VirtualMemory
{
    /// <summary>Bytes that every version of the structure has.</summary>
    public const int MinSize = 152;

    /// <summary>Pages that the kernel holds, or locked for programs and the GPU.</summary>
    public required long Wired { get; init; }

    /// <summary>Pages of programs that are no file's.</summary>
    public required long Internal { get; init; }

    /// <summary>Of those, pages that their programs can do without.</summary>
    public required long Purgeable { get; init; }

    /// <summary>Pages that hold other pages in compressed form.</summary>
    public required long Compressor { get; init; }

    /// <summary>Pages read back from swap.</summary>
    public required long SwappedIn { get; init; }

    /// <summary>Pages written to swap.</summary>
    public required long SwappedOut { get; init; }

    /// <summary>What Activity Monitor calls used.</summary>
    public long Used => Internal - Purgeable + Wired + Compressor;

    /// <summary>Reads it; null if there are too few bytes.</summary>
    public static VirtualMemory? Read(ReadOnlySpan<byte> bytes) => bytes.Length < MinSize
        ? null
        : new VirtualMemory
        {
            Wired = BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]),
            Purgeable = BinaryPrimitives.ReadUInt32LittleEndian(bytes[88..]),
            SwappedIn = BinaryPrimitives.ReadInt64LittleEndian(bytes[112..]),
            SwappedOut = BinaryPrimitives.ReadInt64LittleEndian(bytes[120..]),
            Compressor = BinaryPrimitives.ReadUInt32LittleEndian(bytes[128..]),
            Internal = BinaryPrimitives.ReadUInt32LittleEndian(bytes[140..]),
        };
}
