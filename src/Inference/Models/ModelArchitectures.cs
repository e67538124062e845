using System.Collections.Frozen;

namespace InferenceServer.Inference.Models;

/// <summary>
/// What the bundled llama.cpp (v0.4.0, <c>llama-arch.cpp</c>) calls its architectures, and which of them do not continue
/// text. To be looked through whenever the library is updated.
/// </summary>
internal static class ModelArchitectures
{
    private const string Embedding = "an embedding model";
    private const string Projector = "a projector for images or sound (mmproj)";
    private const string Draft = "a draft head for another model";
    private const string Diffusion = "a diffusion model, which does not write one token after the other";
    private const string Speech = "a part of a speech synthesizer";

    // "t5" is in neither list: it generates, but has an encoder, which the engine does not run. "gptj" has a name and no code.
    private static readonly FrozenSet<string> Generative = FrozenSet.ToFrozenSet(
    [
        "afmoe", "apertus", "arcee", "arctic", "arwkv7", "baichuan", "bailingmoe", "bailingmoe2", "bailingmoe3", "bitnet",
        "bloom", "chameleon", "chatglm", "codeshell", "cogvlm", "cohere2", "cohere2moe", "command-r", "dbrx", "deci", "deepseek",
        "deepseek2", "deepseek2-ocr", "deepseek32", "deepseek4", "dots1", "dots3note", "ernie4_5", "ernie4_5-moe", "exaone",
        "exaone-moe", "exaone4", "falcon", "falcon-h1", "gemma", "gemma2", "gemma3", "gemma3n", "gemma4", "glm-dsa", "glm4",
        "glm4moe", "gpt-oss", "gpt2", "gptneox", "granite", "granite_swa", "granitehybrid", "granitemoe", "graniteswitch", "grok",
        "grovemoe", "hunyuan-dense", "hunyuan-moe", "hunyuan_vl", "hy_v3", "internlm2", "jais", "jais2", "jamba", "kimi-k3",
        "kimi-linear", "laguna", "lfm2", "lfm2moe", "llama", "llama4", "maincoder", "mamba", "mamba2", "mellum", "mimo2",
        "minicpm", "minicpm3", "minimax-01", "minimax-m2", "minimax-m3", "mistral3", "mistral4", "mpt", "muse-glimmer",
        "nanbeige", "nemotron", "nemotron_h", "nemotron_h_moe", "olmo", "olmo2", "olmoe", "openelm", "orion", "paddleocr",
        "pangu-embedded", "phi2", "phi3", "phimoe", "plamo", "plamo2", "plamo3", "plm", "qwen", "qwen2", "qwen2moe", "qwen2vl",
        "qwen3", "qwen35", "qwen35moe", "qwen3moe", "qwen3next", "qwen3vl", "qwen3vlmoe", "qwen4exp", "refact", "rwkv6",
        "rwkv6qwen2", "rwkv7", "seed_oss", "smallthinker", "smollm3", "stablelm", "starcoder", "starcoder2", "step35", "talkie",
        "xverse",
    ], StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, string> Others = new Dictionary<string, string>
    {
        ["bert"] = Embedding,
        ["modern-bert"] = Embedding,
        ["nomic-bert"] = Embedding,
        ["nomic-bert-moe"] = Embedding,
        ["neo-bert"] = Embedding,
        ["jina-bert-v2"] = Embedding,
        ["jina-bert-v3"] = Embedding,
        ["eurobert"] = Embedding,
        ["gemma-embedding"] = Embedding,
        ["llama-embed"] = Embedding,
        ["t5encoder"] = Embedding,
        ["clip"] = Projector,
        ["eagle3"] = Draft,
        ["dflash"] = Draft,
        ["gemma4-assistant"] = Draft,
        ["dream"] = Diffusion,
        ["llada"] = Diffusion,
        ["llada-moe"] = Diffusion,
        ["rnd1"] = Diffusion,
        ["wavtokenizer-dec"] = Speech,
        ["qwen3tts"] = Speech,
        ["pockettts"] = Speech,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>True if it continues text.</summary>
    public static bool IsGenerative(string architecture) => Generative.Contains(architecture);

    /// <summary>True if it turns whole texts into vectors and does nothing else.</summary>
    public static bool IsEmbedding(string architecture) => Others.GetValueOrDefault(architecture) == Embedding;

    /// <summary>What a known architecture that does not continue text is, with its article; null for all others.</summary>
    public static string? DescribeOther(string architecture) => Others.GetValueOrDefault(architecture);
}
