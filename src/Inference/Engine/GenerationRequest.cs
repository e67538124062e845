using System.Collections.Immutable;
using InferenceServer.Inference.Sampling;
using InferenceServer.Inference.Scheduling;

namespace InferenceServer.Inference.Engine;

/// <summary>
/// All that one generation needs, and, together with the tokens generated so far, its whole state: it can be
/// submitted again elsewhere and goes on where it was.
/// </summary>
public sealed record GenerationRequest
{
    /// <summary>Unique in the process, chosen by the caller; names the request to <see cref="IInferenceEngine.Abort"/>.</summary>
    public required long Id { get; init; }

    /// <summary>At least one token, each within the vocabulary, at most the context's cells less one.</summary>
    public required ReadOnlyMemory<int> PromptTokens { get; init; }

    /// <summary>Tokens generated before this submission (a resumed request); normally empty. Not yielded again.</summary>
    public ReadOnlyMemory<int> OutputTokens { get; init; }

    /// <summary>Tokens to generate at most, <see cref="OutputTokens"/> included; at least 1. The engine clamps it to the context.</summary>
    public required int MaxOutputTokens { get; init; }

    /// <summary>How to pick.</summary>
    public required SamplingParams Sampling { get; init; }

    /// <summary>Texts that end the generation and are not part of it. Empty strings do not occur.</summary>
    public ImmutableArray<string> Stop { get; init; } = [];

    /// <summary>True: end-of-generation tokens are never picked.</summary>
    public bool IgnoreEos { get; init; }

    /// <summary>Scheduling class.</summary>
    public RequestClass Class { get; init; } = RequestClass.Default;

    /// <summary>False: neither use cached prefixes nor leave one behind.</summary>
    public bool ReusePrefix { get; init; } = true;

    /// <summary>Requests share prefixes only with requests of the same salt; null is a salt of its own.</summary>
    public string? CacheSalt { get; init; }
}
