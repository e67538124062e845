namespace InferenceServer.Inference.Models.Planning;

/// <summary>Bytes of cached keys and values.</summary>
internal static class KvRowBytes
{
    /// <summary>Bytes of a row of so many values.</summary>
    public static long Of(KvCacheType type, long width)
    {
        var format = GgmlType.Find(type switch
        {
            KvCacheType.F16 => 1,
            KvCacheType.BF16 => 30,
            KvCacheType.Q8_0 => 8,
            KvCacheType.Q4_0 => 2,
            _ => throw new ArgumentOutOfRangeException(nameof(type), type, null),
        })!;
        return width * format.BlockBytes / format.BlockLength;
    }

    /// <summary>Bytes that a token takes in a layer.</summary>
    public static long Of(KvCacheType type, LayerShape layer) => Of(type, layer.KeyWidth) + Of(type, layer.ValueWidth);
}
