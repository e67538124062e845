namespace InferenceServer.Inference;

/// <summary>Number formats of the KV cache.</summary>
public enum KvCacheType
{
    /// <summary>16-bit float; fastest prefill on most devices.</summary>
    F16,

    /// <summary>bfloat16; repeats exactly under any batch shape on CPUs.</summary>
    BF16,

    /// <summary>8-bit blocks: half the memory.</summary>
    Q8_0,

    /// <summary>4-bit blocks: a quarter of the memory, some loss.</summary>
    Q4_0,
}
