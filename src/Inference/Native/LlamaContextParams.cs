namespace InferenceServer.Inference.Native;

/// <summary><c>llama_context_params</c> of v0.4.0. C's <c>bool</c> is a byte, 0 or 1. Pinned by tests and at start.</summary>
internal unsafe struct LlamaContextParams
{
    /// <summary>KV cells.</summary>
    public uint NumCells;

    /// <summary>Most tokens of one decode call.</summary>
    public uint NumBatch;

    /// <summary>Most tokens of one pass over the weights; a decode call runs several passes if it must.</summary>
    public uint NumUbatch;

    /// <summary>Sequence ids from 0 that state can be saved of.</summary>
    public uint NumSequences;
    public uint NumRecurrentSnapshots;

    /// <summary>Most rows of logits of one decode call; 0 is <see cref="NumBatch"/>. Less than <see cref="NumSequences"/> aborts the process.</summary>
    public uint NumOutputs;
    public uint NumOutputsPerSequence;
    public int NumThreads;
    public int NumThreadsBatch;
    public int ContextType;
    public int RopeScalingType;
    public LlamaPoolingType PoolingType;
    public int AttentionType;
    public LlamaFlashAttention FlashAttention;
    public float RopeFrequencyBase;
    public float RopeFrequencyScale;
    public float YarnExtFactor;
    public float YarnAttnFactor;
    public float YarnBetaFast;
    public float YarnBetaSlow;
    public uint YarnOriginalContext;
    public float DefragThreshold;

    /// <summary>Asked for every operation of a graph whether its result is wanted (1), and told when it is there: returning 0 then ends the part of the graph that one device computes. Null: never.</summary>
    public delegate* unmanaged[Cdecl]<void*, byte, void*, byte> EvalCallback;
    public void* EvalCallbackUserData;
    public GgmlType TypeK;
    public GgmlType TypeV;

    /// <summary>Asked between operations on the CPU; returning 1 ends the decode call. Null: never.</summary>
    public delegate* unmanaged[Cdecl]<void*, byte> AbortCallback;
    public void* AbortCallbackData;
    public byte Embeddings;
    public byte OffloadKqv;
    public byte NoPerf;
    public byte OpOffload;

    /// <summary>1: sliding-window layers keep every cell, so that prefixes can be shared and cut anywhere.</summary>
    public byte SwaFull;

    /// <summary>1: all sequences share one buffer of cells. 0 would make copying a part of a sequence abort the process.</summary>
    public byte KvUnified;
    public void* Samplers;
    public nuint NumSamplers;
    public nint OtherContext;
}

/// <summary><c>llama_flash_attn_type</c>.</summary>
internal enum LlamaFlashAttention
{
    /// <summary>On where the device supports it.</summary>
    Auto = -1,

    /// <summary>Off; quantized V is then refused.</summary>
    Disabled = 0,

    /// <summary>On.</summary>
    Enabled = 1,
}

/// <summary><c>llama_pooling_type</c>: how the embeddings of a sequence's tokens become one.</summary>
internal enum LlamaPoolingType
{
    /// <summary>What the model's file says.</summary>
    Unspecified = -1,

    /// <summary>Not at all: one embedding per token.</summary>
    None = 0,

    /// <summary>Their mean.</summary>
    Mean = 1,

    /// <summary>The first token's.</summary>
    Cls = 2,

    /// <summary>The last token's.</summary>
    Last = 3,

    /// <summary>A reranker's score.</summary>
    Rank = 4,
}

/// <summary>The <c>ggml_type</c> values that a KV cache is made of here.</summary>
internal enum GgmlType
{
    /// <summary>16-bit float.</summary>
    F16 = 1,

    /// <summary>Blocks of 32 with 4 bits each.</summary>
    Q4_0 = 2,

    /// <summary>Blocks of 32 with 8 bits each.</summary>
    Q8_0 = 8,

    /// <summary>bfloat16.</summary>
    BF16 = 30,
}
