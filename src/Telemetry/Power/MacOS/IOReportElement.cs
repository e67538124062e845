using System.Buffers.Binary;

namespace InferenceServer.Telemetry.Power.MacOS;

/// <summary>One element of a channel's raw bytes (<c>RawElements</c>): 64 bytes that also tell when the driver wrote them. Pure.</summary>
/// <param name="Provider">The driver's id in the registry.</param>
/// <param name="Channel">The channel's id.</param>
/// <param name="Timestamp">When the driver last wrote the value, in ticks of <see cref="MachClock"/>; 0 if it does not say.</param>
/// <param name="Value">A simple channel's value.</param>
internal readonly record struct IOReportElement(ulong Provider, ulong Channel, ulong Timestamp, long Value)
{
    /// <summary>Bytes of an element.</summary>
    public const int Size = 64;

    /// <summary>Reads the first element; null if there are too few bytes.</summary>
    public static IOReportElement? Read(ReadOnlySpan<byte> bytes) => bytes.Length < Size
        ? null
        : new IOReportElement(
            BinaryPrimitives.ReadUInt64LittleEndian(bytes),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[32..]));
}
