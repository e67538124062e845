namespace InferenceServer.Inference.Models;

/// <summary>
/// Values over which llama.cpp v0.4.0 aborts the process instead of refusing the file: the asserts of
/// <c>load_hparams</c> in <c>llama-model.cpp</c>, and those that its first step would meet.
/// </summary>
internal static class LibraryAsserts
{
    // LLAMA_MAX_EXPERTS.
    private const int MaxExperts = 1024;

    // The library multiplies sizes in 32 bits: larger ones may wrap around to a product that fits a tensor.
    private const int MaxSize = 1 << 20;

    /// <summary>The first value that would abort; null if none would.</summary>
    public static ModelFileFault? Check(GgufHeader header)
    {
        var keys = new ArchitectureKeys(header);
        return CheckNumbers(keys) ?? CheckRope(keys) ?? CheckExperts(keys);
    }

    private static ModelFileFault? CheckNumbers(ArchitectureKeys keys)
    {
        string[] epsilons = ["attention.layer_norm_epsilon", "attention.layer_norm_rms_epsilon"];
        foreach (var name in epsilons)
        {
            // What is not a number is refused too.
            if (keys.Has(name) && !(keys.Find(name) >= 0))
            {
                return keys.Contradiction(name);
            }
        }

        string[] sizes = ["attention.head_count", "attention.head_count_kv", "attention.key_length", "attention.value_length", "feed_forward_length"];
        if (sizes.FirstOrDefault(name => keys.Find(name) > MaxSize) is { } tooLarge)
        {
            return keys.Contradiction(tooLarge);
        }

        return keys.Find("nextn_predict_layers") > keys.Find("block_count") ? keys.Contradiction("nextn_predict_layers") : null;
    }

    /// <summary>Rotary positions turn pairs of numbers within a head: an even number of them, and not more than a head has.</summary>
    private static ModelFileFault? CheckRope(ArchitectureKeys keys)
    {
        if (keys.FindText("rope.scaling.type") is { } scaling && scaling is not ("none" or "linear" or "yarn" or "longrope"))
        {
            return new ModelFileFault(ModelFileError.Malformed, $"has the unknown rope scaling {ModelFileFault.Quote(scaling)}");
        }

        var headLength = new[]
        {
            keys.Find("attention.key_length"),
            keys.Find("attention.key_length_swa"),
            keys.Find("attention.key_length_mla"),
            keys.Find("embedding_length") / keys.Find("attention.head_count"),
        }.Max();
        string[] counts = ["rope.dimension_count", "rope.dimension_count_swa"];
        return counts.FirstOrDefault(name => keys.Find(name) is { } count && (count % 2 != 0 || count > headLength)) is { } wrong
            ? keys.Contradiction(wrong)
            : null;
    }

    private static ModelFileFault? CheckExperts(ArchitectureKeys keys)
    {
        var experts = keys.Find("expert_count") ?? 0;
        var used = keys.Find("expert_used_count") ?? 0;
        var usedIsList = keys.Has("expert_used_count") && keys.Find("expert_used_count") is null;

        // Hunyuan's dense models say "one expert" for none.
        if (experts <= 1 && keys.Architecture is "hunyuan_vl" or "hunyuan-dense")
        {
            return null;
        }

        if (experts > MaxExperts || used > experts || (experts > 0 ? used == 0 && !usedIsList : usedIsList))
        {
            return keys.Contradiction("expert_count");
        }

        var groups = keys.Find("expert_group_count") ?? 0;
        var usedGroups = keys.Find("expert_group_used_count") ?? 0;
        var groupsFit = experts == 0
            ? groups == 0
            : groups < experts && (groups <= 1 || (experts % groups == 0 && usedGroups > 0 && usedGroups < groups));
        return groupsFit ? null : keys.Contradiction("expert_group_count");
    }

    /// <summary>The keys that begin with the architecture's name.</summary>
    private readonly struct ArchitectureKeys(GgufHeader header)
    {
        public string? Architecture { get; } = header.FindText("general.architecture");

        public bool Has(string name) => header.Values.ContainsKey(Full(name));

        public double? Find(string name) => header.FindNumber(Full(name));

        public string? FindText(string name) => header.FindText(Full(name));

        public ModelFileFault Contradiction(string name) =>
            new(ModelFileError.Malformed, $"has a value for {Full(name)} that contradicts its other keys");

        private string Full(string name) => $"{Architecture}.{name}";
    }
}
