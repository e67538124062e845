namespace InferenceServer.Inference.Native;

/// <summary>How to make a context. The rest is fixed: unified cells, flash attention, whole sliding windows, a batch is one pass.</summary>
internal sealed record ContextSettings
{
    /// <summary>KV cells; rounded up to 256.</summary>
    public required int NumCells { get; init; }

    /// <summary>Most tokens of one step, and of one pass over the weights.</summary>
    public int MaxBatchTokens { get; init; } = 512;

    /// <summary>Sequence ids, 1 to 256.</summary>
    public required int MaxSequences { get; init; }

    /// <summary>Most tokens of one step that want logits; raised to <see cref="MaxSequences"/> if it is less, lowered to <see cref="MaxBatchTokens"/>.</summary>
    public required int MaxOutputs { get; init; }

    /// <summary>Rows of logits that one step can have: fewer than sequences abort the process, more than a batch has tokens cannot occur.</summary>
    public int NumOutputs => Math.Max(MaxSequences, Math.Min(MaxOutputs, MaxBatchTokens));

    /// <summary>Type of K and V.</summary>
    public KvCacheType KvCacheType { get; init; } = KvCacheType.F16;

    /// <summary>
    /// How a sequence's outputs become one vector; null for a context that generates. A context that pools wants every token of a
    /// step as output, and its sequences whole within one step.
    /// </summary>
    public LlamaPoolingType? Pooling { get; init; }

    /// <summary>CPU threads of a step.</summary>
    public required int Threads { get; init; }

    /// <summary>They stay between steps. For a context that the CPU computes: where a GPU does, hardly anything is left to share out.</summary>
    public bool KeepsThreads { get; init; }
}
