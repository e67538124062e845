namespace InferenceServer.Server.Downloads;

/// <summary>A model to begin with.</summary>
/// <param name="Name">Short name that <c>pull</c> and <c>--model</c> take.</param>
/// <param name="Source">Where it is.</param>
/// <param name="Gigabytes">Size of its files in GB, 10^9 bytes, about.</param>
/// <param name="Memory">A machine with so many GB of memory, shared with its GPU, serves it with a useful context.</param>
/// <param name="Licence">Of the weights.</param>
internal sealed record RecommendedModel(string Name, string Source, double Gigabytes, int Memory, string Licence)
{
    /// <summary>All of them: the 70B class first, then what larger and smaller machines hold. As published on the hub in 2025; nothing depends on their staying there.</summary>
    public static IReadOnlyList<RecommendedModel> All { get; } =
    [
        new("llama-3.3-70b", "hf:bartowski/Llama-3.3-70B-Instruct-GGUF/Llama-3.3-70B-Instruct-Q4_K_M.gguf", 42.5, 64, "Llama 3.3 Community"),
        new("qwen2.5-72b", "hf:bartowski/Qwen2.5-72B-Instruct-GGUF/Qwen2.5-72B-Instruct-Q4_K_M.gguf", 47.4, 96, "Qwen"),
        new("gpt-oss-120b", "hf:ggml-org/gpt-oss-120b-GGUF/gpt-oss-120b-mxfp4-00001-of-00003.gguf", 63.4, 96, "Apache-2.0"),
        new("glm-4.5-air", "hf:unsloth/GLM-4.5-Air-GGUF/Q4_K_M/GLM-4.5-Air-Q4_K_M-00001-of-00002.gguf", 73.0, 128, "MIT"),
        new("qwen3-235b", "hf:unsloth/Qwen3-235B-A22B-Instruct-2507-GGUF/Q4_K_M/Qwen3-235B-A22B-Instruct-2507-Q4_K_M-00001-of-00003.gguf", 142.2, 192, "Apache-2.0"),
        new("qwen3-32b", "hf:Qwen/Qwen3-32B-GGUF/Qwen3-32B-Q4_K_M.gguf", 19.8, 36, "Apache-2.0"),
        new("qwen3-30b-a3b", "hf:unsloth/Qwen3-30B-A3B-Instruct-2507-GGUF/Qwen3-30B-A3B-Instruct-2507-Q4_K_M.gguf", 18.6, 32, "Apache-2.0"),
        new("gpt-oss-20b", "hf:ggml-org/gpt-oss-20b-GGUF/gpt-oss-20b-mxfp4.gguf", 12.1, 24, "Apache-2.0"),
        new("qwen3-8b", "hf:Qwen/Qwen3-8B-GGUF/Qwen3-8B-Q4_K_M.gguf", 5.0, 16, "Apache-2.0"),
    ];

    /// <summary>The one with a name, case does not matter; null if there is none.</summary>
    public static RecommendedModel? Find(string name) => All.FirstOrDefault(model => string.Equals(model.Name, name, StringComparison.OrdinalIgnoreCase));
}
