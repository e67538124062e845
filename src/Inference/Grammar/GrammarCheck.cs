using System.Collections.Immutable;

namespace InferenceServer.Inference.Grammar;

/// <summary>What checking a source came to.</summary>
/// <param name="Error">Why it is no grammar; null if it is one.</param>
/// <param name="Warnings">What a source that is not strict asked for and does not get, each with its place. Never filled under strict.</param>
public sealed record GrammarCheck(GrammarError? Error, ImmutableArray<string> Warnings);
