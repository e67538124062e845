using System.Collections.Immutable;

namespace InferenceServer.Inference.Sampling;

/// <summary>
/// The token at one place of a text and the most likely ones there, by the model's own distribution: before temperature,
/// penalties, bias and bans.
/// </summary>
/// <param name="Chosen">The token that is there.</param>
/// <param name="Top">The most likely tokens, best first, as many as were asked for; the chosen one may be among them.</param>
public sealed record TokenLogProbs(TokenLogProb Chosen, ImmutableArray<TokenLogProb> Top);
