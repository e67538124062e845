namespace InferenceServer.Bench.Simulation;

/// <summary>Sizes of the simulated engine, and switches to compare with.</summary>
internal sealed record VirtualMachineSettings
{
    /// <summary>KV cells.</summary>
    public int NumCells { get; init; } = 32_768;

    /// <summary>Sequences that compute at the same time.</summary>
    public int MaxSequences { get; init; } = 8;

    /// <summary>Sequence ids: running sequences plus cached leaves.</summary>
    public int NumSequenceIds { get; init; } = 64;

    /// <summary>Tokens of a step.</summary>
    public int MaxBatchTokens { get; init; } = 256;

    /// <summary>False: a prompt is computed whole in one step, whoever waits.</summary>
    public bool IsChunking { get; init; } = true;

    /// <summary>Tokens of a prompt that can be computed in slices; 0 for none.</summary>
    public int MaxSlicedTokens { get; init; } = 8192;

    /// <summary>Prefixes outside the cells; null for none.</summary>
    public TierCosts? Tiers { get; init; }

    /// <summary>False: every prompt is computed from its first token.</summary>
    public bool IsReusingPrefixes { get; init; } = true;
}
