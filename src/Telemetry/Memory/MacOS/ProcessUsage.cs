using System.Buffers.Binary;

namespace InferenceServer.Telemetry.Memory.MacOS;

/// <summary>The kernel's <c>rusage_info_v0</c>. Pure.</summary>
/// <param name="PageIns">Pages read from a disk for the process.</param>
/// <param name="Wired">Bytes that stay where they are.</param>
/// <param name="Footprint">Bytes that the process is charged with, as Activity Monitor shows them; buffers of the GPU are in it, clean pages of files are not.</param>
internal readonly record struct ProcessUsage(long PageIns, long Wired, long Footprint)
{
    /// <summary>Bytes of the structure.</summary>
    public const int Size = 96;

    /// <summary>Reads it.</summary>
    public static ProcessUsage Read(ReadOnlySpan<byte> bytes) => new(
        BinaryPrimitives.ReadInt64LittleEndian(bytes[48..]),
        BinaryPrimitives.ReadInt64LittleEndian(bytes[56..]),
        BinaryPrimitives.ReadInt64LittleEndian(bytes[72..]));
}
