namespace InferenceServer.Inference.Scheduling;

/// <summary>The outcome of one row that wanted an output.</summary>
/// <param name="TokenId">The token picked; -1 if none could come, then the sequence ends.</param>
/// <param name="FinishReason">Set if the last of its tokens ends the sequence (end of turn, stop text, end of a grammar); null lets it go on.</param>
internal readonly record struct SampledToken(int TokenId, FinishReason? FinishReason)
{
    /// <summary>
    /// Tokens that follow it without having been sampled, since nothing else could come. They are the sequence's next chunk of
    /// prefill. Valid until the sequence is sampled again.
    /// </summary>
    public ReadOnlyMemory<int> Forced { get; init; }
}
