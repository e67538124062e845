namespace InferenceServer.Inference.Sampling;

/// <summary>How likely a token was at some place of a text.</summary>
/// <param name="TokenId">Id in the vocabulary.</param>
/// <param name="LogProb">Natural logarithm of its share in the model's own distribution, at most 0; negative infinity if it was impossible.</param>
/// <param name="Bytes">Its bytes, for control tokens their name; memory that never changes.</param>
/// <param name="IsControl">A control token, whose bytes are no text for a client.</param>
public readonly record struct TokenLogProb(int TokenId, float LogProb, ReadOnlyMemory<byte> Bytes, bool IsControl);
