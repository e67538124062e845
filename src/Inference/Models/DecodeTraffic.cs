namespace InferenceServer.Inference.Models;

/// <summary>
/// Memory that a decode step reads, by the file's tensors: what bounds tokens per second. An estimate from above where layers look at a window of
/// the context only, and of the mean for experts. Immutable.
/// </summary>
public sealed record DecodeTraffic
{
    /// <summary>Bytes of weights that every step reads.</summary>
    public required long SharedBytes { get; init; }

    /// <summary>Bytes of all experts; 0 for a model without.</summary>
    public long ExpertBytes { get; init; }

    /// <summary>Share of the experts that one token uses; 0 for a model without.</summary>
    public double ExpertShare { get; init; }

    /// <summary>Numbers in the KV cache for each token of context, K and V together; null if the file does not tell.</summary>
    public required long? KvLength { get; init; }

    /// <summary>
    /// Bytes of weights that a step of so many tokens reads. Tokens choose experts independently of each other, as far as anybody knows: of so many tokens
    /// at least one uses an expert with the probability 1 - (1 - share)^tokens.
    /// </summary>
    public double GetWeightBytes(int numTokens) => SharedBytes + (ExpertBytes * (1 - Math.Pow(1 - ExpertShare, numTokens)));

    /// <summary>Bytes of KV cache for each token of context; null if the file does not tell.</summary>
    public double? GetKvBytes(KvCacheType type) => KvLength * type switch
    {
        KvCacheType.F16 or KvCacheType.BF16 => 2.0,
        KvCacheType.Q8_0 => 34.0 / 32, // a scale of two bytes for 32 numbers of one
        _ => 18.0 / 32,
    };

    /// <summary>What the header and the tensors of a model say.</summary>
    internal static DecodeTraffic Describe(GgufHeader header, string architecture, IReadOnlyList<GgufTensorInfo> tensors)
    {
        // Of these tables a token reads a row. The first is also the output's weights in a model that has none of its own.
        var hasOutput = tensors.Any(tensor => tensor.Name == "output.weight");
        bool IsTable(string name) => name is "position_embd.weight" or "token_types.weight" or "per_layer_token_embd.weight" || (name == "token_embd.weight" && hasOutput);
        static bool IsExpert(string name) => name.Contains("_exps.", StringComparison.Ordinal);

        var read = tensors.Where(tensor => !IsTable(tensor.Name)).ToLookup(tensor => IsExpert(tensor.Name), tensor => tensor.NumBytes);
        var experts = header.FindNumber($"{architecture}.expert_count") ?? 0;
        var used = header.FindNumber($"{architecture}.expert_used_count") ?? 0;
        return new DecodeTraffic
        {
            SharedBytes = read[false].Sum(),
            ExpertBytes = read[true].Sum(),
            ExpertShare = experts > 0 ? Math.Clamp(used / experts, 0, 1) : 0,
            KvLength = CountKv(header, architecture, tensors),
        };
    }

    // By the shapes of what computes K and V, layer by layer: layers differ in some models, and some have no attention at all.
    private static long? CountKv(GgufHeader header, string architecture, IReadOnlyList<GgufTensorInfo> tensors)
    {
        long separate = 0, fused = 0, latent = 0;
        foreach (var tensor in tensors.Where(tensor => tensor.Name.StartsWith("blk.", StringComparison.Ordinal) && tensor.Dimensions.Count > 1))
        {
            var part = tensor.Name[(tensor.Name.IndexOf('.', 4) + 1)..];
            separate += part is "attn_k.weight" or "attn_v.weight" ? tensor.Dimensions[1] : 0;
            fused += part is "attn_qkv.weight" ? 1 : 0;
            latent += part is "attn_kv_a_mqa.weight" ? tensor.Dimensions[1] : 0; // V is computed from K's latent form
        }

        if (fused > 0)
        {
            return header.FindNumber($"{architecture}.attention.head_count_kv") is { } heads && header.FindNumber($"{architecture}.attention.head_count") is { } queries
                && header.FindNumber($"{architecture}.embedding_length") is { } width
                ? separate + (long)(fused * heads
                    * ((header.FindNumber($"{architecture}.attention.key_length") ?? (width / queries)) + (header.FindNumber($"{architecture}.attention.value_length") ?? (width / queries))))
                : null;
        }

        return separate + latent is > 0 and var count ? count : null;
    }
}
