namespace InferenceServer.Inference.Scheduling;

/// <summary>The outcome of one row that wanted an output.</summary>
/// <param name="TokenId">The token picked; -1 if every token was forbidden, then the sequence ends.</param>
/// <param name="FinishReason">Set if the token ends the sequence (end of turn, stop text); null lets it go on.</param>
internal readonly record struct SampledToken(int TokenId, FinishReason? FinishReason);
