namespace InferenceServer.Inference.Engine;

/// <summary>What a runner's context was made for. Fixed while the model is loaded.</summary>
internal sealed record ModelRunnerInfo
{
    /// <summary>KV cells.</summary>
    public required int NumCells { get; init; }

    /// <summary>Sequence ids: running sequences plus cached leaves.</summary>
    public required int NumSequenceIds { get; init; }

    /// <summary>Tokens of one step.</summary>
    public required int MaxBatchTokens { get; init; }

    /// <summary>Tokens of one step whose logits can be read.</summary>
    public required int MaxOutputs { get; init; }

    /// <summary>Tokens of one sequence: what the model was trained for, at most all cells.</summary>
    public required int MaxSequenceTokens { get; init; }

    /// <summary>False for recurrent and hybrid models, whose memory cannot be shared or cut.</summary>
    public required bool CanSharePrefixes { get; init; }

    /// <summary>False where <see cref="IModelRunner.Save"/> and <see cref="IModelRunner.Restore"/> cannot be used.</summary>
    public bool CanSavePrefixes { get; init; }

    /// <summary>Tokens from the first of a sequence that a <see cref="Scheduling.ScheduledSlice"/> can hold; 0 if the device cannot pause within a chunk.</summary>
    public int MaxSlicedTokens { get; init; }

    /// <summary>Everything but the tokens that changes the numbers: model file, KV type, library release.</summary>
    public required string Fingerprint { get; init; }
}
