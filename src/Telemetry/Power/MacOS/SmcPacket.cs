using System.Buffers.Binary;

namespace InferenceServer.Telemetry.Power.MacOS;

/// <summary>The 80 bytes in which the system management controller is asked and answers. Numbers are in the processor's order, which is little-endian. Pure.</summary>
internal static class SmcPacket
{
    /// <summary>Bytes of a packet; the driver refuses any other size.</summary>
    public const int Size = 80;

    /// <summary>Selector of the driver's one method.</summary>
    public const uint Selector = 2;

    private const int KeyAt = 0, DataSizeAt = 28, DataTypeAt = 32, ResultAt = 40, CommandAt = 42, BytesAt = 48;
    private const byte ReadKeyInfo = 9, ReadBytes = 5;

    // Another key is not found than those that a machine has: 132.
    private const byte Success = 0;

    /// <summary>Asks what kind of value a key has.</summary>
    /// <param name="packet">Written.</param>
    /// <param name="key">Four letters.</param>
    public static void WriteKeyInfoRequest(Span<byte> packet, string key) => Write(packet, key, ReadKeyInfo, 0);

    /// <summary>Asks for a key's value.</summary>
    /// <param name="packet">Written.</param>
    /// <param name="key">Four letters.</param>
    /// <param name="dataSize">As the key's info said.</param>
    public static void WriteReadRequest(Span<byte> packet, string key, uint dataSize) => Write(packet, key, ReadBytes, dataSize);

    /// <summary>Size and type of a key's value; null if there is no such key.</summary>
    public static (uint Size, uint Type)? ReadInfo(ReadOnlySpan<byte> packet) => packet[ResultAt] == Success
        ? (BinaryPrimitives.ReadUInt32LittleEndian(packet[DataSizeAt..]), BinaryPrimitives.ReadUInt32LittleEndian(packet[DataTypeAt..]))
        : null;

    /// <summary>The value, if it is a number of type <c>flt </c>; null otherwise.</summary>
    /// <param name="packet">The answer to a request to read.</param>
    /// <param name="info">Of the key.</param>
    public static float? ReadFloat(ReadOnlySpan<byte> packet, (uint Size, uint Type) info) =>
        packet[ResultAt] == Success && info is { Size: sizeof(float) } && info.Type == ToCode("flt ")
            ? BinaryPrimitives.ReadSingleLittleEndian(packet[BytesAt..])
            : null;

    /// <summary>Four letters as the number they stand for.</summary>
    public static uint ToCode(string letters) => ((uint)letters[0] << 24) | ((uint)letters[1] << 16) | ((uint)letters[2] << 8) | letters[3];

    private static void Write(Span<byte> packet, string key, byte command, uint dataSize)
    {
        packet[..Size].Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(packet[KeyAt..], ToCode(key));
        BinaryPrimitives.WriteUInt32LittleEndian(packet[DataSizeAt..], dataSize);
        packet[CommandAt] = command;
    }
}
