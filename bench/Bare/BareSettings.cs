using InferenceServer.Inference;

namespace InferenceServer.Bench.Bare;

/// <summary>How to make the bare loop's context: the defaults are the server's.</summary>
internal sealed record BareSettings
{
    /// <summary>GGUF file.</summary>
    public required string ModelPath { get; init; }

    /// <summary>KV cells.</summary>
    public int NumCells { get; init; } = 32_768;

    /// <summary>Tokens of one decode call.</summary>
    public int MaxBatchTokens { get; init; } = 256;

    /// <summary>Sequence ids; more cost memory for their logits.</summary>
    public int NumSequenceIds { get; init; } = 64;

    /// <summary>Type of K and V.</summary>
    public KvCacheType KvCacheType { get; init; } = KvCacheType.F16;

    /// <summary>CPU threads.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;
}
