namespace InferenceServer.Inference.Models;

/// <summary>What a model file's header says, read without any native library. Immutable; usable from any thread.</summary>
public sealed record ModelMetadata
{
    /// <summary>Full path of the file, or of its first shard.</summary>
    public required string Path { get; init; }

    /// <summary><c>general.name</c>, or the file name without extension.</summary>
    public required string Name { get; init; }

    /// <summary><c>general.architecture</c>, for example <c>llama</c>.</summary>
    public required string Architecture { get; init; }

    /// <summary>Tokens the model was trained for: the most that one request may use.</summary>
    public required int ContextLength { get; init; }

    /// <summary>Width of the hidden state.</summary>
    public required int EmbeddingLength { get; init; }

    /// <summary>Number of layers.</summary>
    public required int BlockCount { get; init; }

    /// <summary>Tokens in the vocabulary.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Numbers in all tensors.</summary>
    public required long ParameterCount { get; init; }

    /// <summary>Bytes of all shards.</summary>
    public required long FileSize { get; init; }

    /// <summary>Name of the quantization, for example <c>Q4_1</c>; null if the file does not say.</summary>
    public string? Quantization { get; init; }

    /// <summary>The chat template in the file (Jinja); null if there is none.</summary>
    public string? ChatTemplate { get; init; }

    /// <summary>Text of the beginning-of-sequence token; null if there is none.</summary>
    public string? BosToken { get; init; }

    /// <summary>Text of the end-of-sequence token; null if there is none.</summary>
    public string? EosToken { get; init; }

    /// <summary>What the model makes of a whole text; null if it was read as one that generates.</summary>
    public EmbeddingMetadata? Embedding { get; init; }

    /// <summary>Sampling values that the model's authors recommend (<c>general.sampling.*</c>).</summary>
    public SamplingDefaults Sampling { get; init; } = new();
}

/// <summary>What a header says about an embedding model or a reranker.</summary>
public sealed record EmbeddingMetadata
{
    /// <summary>How the outputs of a text's tokens become one.</summary>
    public required PoolingKind Pooling { get; init; }

    /// <summary>Numbers in an embedding.</summary>
    public required int Dimensions { get; init; }

    /// <summary>Tokens that one text may have here; what the model was trained for, or less where the library would take too much memory.</summary>
    public required int MaxInputTokens { get; init; }

    /// <summary>A reranker's prompt with <c>{query}</c> and <c>{document}</c> in it; null if the two texts simply follow each other.</summary>
    public string? RerankTemplate { get; init; }

    /// <summary>True: a reranker, which gives a pair of texts a score, and nothing an embedding.</summary>
    public bool IsReranker => Pooling == PoolingKind.Rank;
}

/// <summary>How the outputs of a text's tokens become one; values as in the file.</summary>
public enum PoolingKind
{
    /// <summary>Their mean; also where the file does not say.</summary>
    Mean = 1,

    /// <summary>The first token's.</summary>
    First = 2,

    /// <summary>The last token's.</summary>
    Last = 3,

    /// <summary>A score instead of an embedding.</summary>
    Rank = 4,
}

/// <summary>Recommended sampling values; null where the file says nothing.</summary>
public sealed record SamplingDefaults
{
    /// <summary><c>general.sampling.temp</c>.</summary>
    public float? Temperature { get; init; }

    /// <summary><c>general.sampling.top_p</c>.</summary>
    public float? TopP { get; init; }

    /// <summary><c>general.sampling.top_k</c>.</summary>
    public int? TopK { get; init; }

    /// <summary><c>general.sampling.min_p</c>.</summary>
    public float? MinP { get; init; }

    /// <summary><c>general.sampling.penalty_repeat</c>.</summary>
    public float? RepeatPenalty { get; init; }

    /// <summary><c>general.sampling.penalty_last_n</c>.</summary>
    public int? RepeatLastN { get; init; }
}
