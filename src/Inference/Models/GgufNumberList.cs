namespace InferenceServer.Inference.Models;

/// <summary>Short lists of whole numbers or truth values in a header, such as one value for each layer.</summary>
internal static class GgufNumberList
{
    // The library's LLAMA_MAX_LAYERS: the longest list that has one value for each layer.
    private const int MaxCount = 512;

    /// <summary>The numbers, truth values as 0 and 1; null if the value is no such list, is too long, or after a fault.</summary>
    /// <param name="reader">Of the file that the list is in.</param>
    /// <param name="list">The header's value.</param>
    public static long[]? Read(GgufReader reader, GgufValue list)
    {
        if (!list.IsArray || list.Count > MaxCount || list.Type is not (GgufValueType.Bool or GgufValueType.Int32 or GgufValueType.UInt32))
        {
            return null;
        }

        reader.SeekTo(list.Position);
        var numbers = new long[list.Count];
        for (var i = 0; i < numbers.Length; i++)
        {
            numbers[i] = list.Type == GgufValueType.Bool ? reader.ReadByte("a list") : (int)reader.ReadUInt32("a list");
        }

        return reader.Fault is null ? numbers : null;
    }
}
