namespace InferenceServer.Inference.Scheduling;

/// <summary>What a step and the engine may hold at most. Fixed when the context is made.</summary>
internal sealed record SchedulerLimits
{
    /// <summary>Tokens of a step: one ubatch, so that an abort and a latency target have a point to act at.</summary>
    public required int MaxBatchTokens { get; init; }

    /// <summary>Sequences that compute at the same time.</summary>
    public required int MaxSequences { get; init; }

    /// <summary>Tokens of a step whose logits are wanted: the context's output buffer. At least <see cref="MaxSequences"/>.</summary>
    public required int MaxOutputs { get; init; }

    /// <summary>Tokens of one sequence: what the model was trained for, at most all cells.</summary>
    public required int MaxSequenceTokens { get; init; }

    /// <summary>
    /// New tokens that admission reserves cells for. Most answers are shorter; a request for a whole context must not keep
    /// short chats out (design.md, invariants).
    /// </summary>
    public int ReservedOutputTokens { get; init; } = 512;

    /// <summary>
    /// Tokens that chunks beside running streams are multiples of. A GPU's matrix kernels work in tiles of 32 rows, and a partly filled tile costs as
    /// much as a full one; a CPU's are finer.
    /// </summary>
    public int PrefillTile { get; init; } = 32;

    /// <summary>
    /// True: prefixes that nobody runs on leave their cells while sequences run, if the host's memory has them as well. A CPU looks at every cell up to the last used one in every
    /// step, whosever it is; a GPU passes over those that no row attends to.
    /// </summary>
    public bool EvictsIdleCells { get; init; }

    /// <summary>Tokens from the first of a sequence that the device can compute in slices, beside running streams; 0 if it cannot.</summary>
    public int MaxSlicedTokens { get; init; }

    /// <summary>False: only where tokens cost less so.</summary>
    public bool AlwaysSlices { get; init; }

    /// <summary>Pause of running streams, in milliseconds, that a step with prefill should stay within; null: the larger of <see cref="InferenceOptions.DefaultInterTokenTargetMs"/> and four decode steps.</summary>
    public double? InterTokenTargetMs { get; init; }

    /// <summary>The pause that applies.</summary>
    /// <param name="decodeMs">What a step of the running streams alone takes, in milliseconds.</param>
    public double GetTargetMs(double decodeMs) => InterTokenTargetMs ?? Math.Max(InferenceOptions.DefaultInterTokenTargetMs, 4 * decodeMs);
}
