using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace InferenceServer.Inference;

/// <summary>Section <c>Inference</c> of the configuration. Null means "decide for me" throughout.</summary>
public sealed class InferenceOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Inference";

    /// <summary>GGUF file, or the first of its shards. Relative paths start at the working directory, then at the program's folder. The server takes names of pulled models too.</summary>
    [Required]
    public string ModelPath { get; set; } = "models/SmolLM2-135M-Instruct.Q4_1.gguf";

    /// <summary>GGUF file of the embedding model or reranker; null takes the embedded one. Relative paths as for <see cref="ModelPath"/>.</summary>
    public string? EmbeddingModelPath { get; set; }

    /// <summary>Jinja file that replaces the model's own chat template; null uses the model's.</summary>
    public string? ChatTemplate { get; set; }

    /// <summary>KV cells that all requests share, in tokens.</summary>
    [Range(256, 16_777_216)]
    public int Context { get; set; } = 32_768;

    /// <summary>Sequences that compute at the same time.</summary>
    [Range(1, 128)]
    public int Parallel { get; set; } = 8;

    /// <summary>CPU threads of a step; null takes the machine's cores (performance cores where the system tells).</summary>
    [Range(1, 1024)]
    public int? Threads { get; set; }

    /// <summary>Layers on the GPU; null takes all.</summary>
    [Range(0, 10_000)]
    public int? GpuLayers { get; set; }

    /// <summary><c>auto</c> (default), <c>cpu</c>, or a device's name as the log lists it.</summary>
    [Required]
    public string Device { get; set; } = "auto";

    /// <summary>Pin the weights in memory.</summary>
    public bool MLock { get; set; }

    /// <summary>True: load the model even if it does not fit into the machine's memory.</summary>
    public bool AllowSwapping { get; set; }

    /// <summary>Type of K and V in the cache.</summary>
    public KvCacheType KvCacheType { get; set; } = KvCacheType.F16;

    /// <summary>What <see cref="InterTokenTargetMs"/> is by default, unless four decode steps are longer: the pause that docs/performance.md holds the server to.</summary>
    public const int DefaultInterTokenTargetMs = 250;

    /// <summary>
    /// Longest pause, in milliseconds, that a running stream should see while others' prompts are computed; null: the larger of <see cref="DefaultInterTokenTargetMs"/>
    /// and four measured decode steps.
    /// </summary>
    [Range(10, 60_000)]
    public int? InterTokenTargetMs { get; set; }

    /// <summary>
    /// Tokens from the first of a prompt that can be computed in slices of time beside running streams, in KV cells of their own; 0 for none: then chunks are sized by their predicted duration.
    /// Never more than <see cref="Context"/>. Null: <see cref="DefaultSlicedPrefillTokens"/>; none if <see cref="Parallel"/> is 1 or there is no memory for them.
    /// </summary>
    [Range(0, 16_777_216)]
    public int? SlicedPrefillTokens { get; set; }

    /// <summary>What <see cref="SlicedPrefillTokens"/> is by default at most: the prompts of most agents, in 2.7 GB of a 70B's f16 cells.</summary>
    public const int DefaultSlicedPrefillTokens = 8192;

    /// <summary>True: slices whatever tokens cost. For tests, whose models take no time.</summary>
    internal bool AlwaysSlices { get; set; }

    /// <summary>Requests that may wait for a place among the running ones; more are refused.</summary>
    [Range(1, 100_000)]
    public int MaxWaiting { get; set; } = 256;

    /// <summary>False: text like <c>&lt;|im_end|&gt;</c> in a request becomes the control token, as some older clients expect.</summary>
    public bool EscapeControlTokens { get; set; } = true;

    /// <summary>What keeps an idle model fast.</summary>
    [ValidateObjectMembers]
    public ResidencyOptions Residency { get; set; } = new();

    /// <summary>Sampling values for requests that leave them out.</summary>
    [ValidateObjectMembers]
    public SamplingOptions Sampling { get; set; } = new();
}
