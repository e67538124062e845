using System.Collections.Immutable;
using InferenceServer.Inference.Grammar;
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

    /// <summary>True: it had a place in an engine before, which counted its prompt.</summary>
    public bool WasAdmitted { get; init; }

    /// <summary>
    /// Tokens to generate at most, <see cref="OutputTokens"/> included; the engine clamps it to the context. 0 computes the
    /// prompt and generates nothing.
    /// </summary>
    public required int MaxOutputTokens { get; init; }

    /// <summary>Until there are so many tokens, nothing ends the generation: stop texts do not count, ending tokens are not picked.</summary>
    public int MinOutputTokens { get; init; }

    /// <summary>How to pick.</summary>
    public required SamplingParams Sampling { get; init; }

    /// <summary>Texts that end the generation and are not part of it. Empty strings do not occur.</summary>
    public ImmutableArray<string> Stop { get; init; } = [];

    /// <summary>Tokens that end the generation, besides the model's own; each within the vocabulary.</summary>
    public ImmutableArray<int> StopTokens { get; init; } = [];

    /// <summary>Alternatives to report with each generated token, 0 to 20; null for no log probabilities at all.</summary>
    public int? TopLogProbs { get; init; }

    /// <summary>
    /// Alternatives to report with each prompt token but the first, 0 to 20; null for none. The prompt is then computed in
    /// full and in smaller steps, since the cache keeps no logits.
    /// </summary>
    public int? PromptTopLogProbs { get; init; }

    /// <summary>True: end-of-generation tokens are never picked.</summary>
    public bool IgnoreEos { get; init; }

    /// <summary>
    /// What the whole output must fit; null for anything. Checked before (<see cref="GrammarCache.Check"/>); the generation ends when
    /// the grammar does.
    /// </summary>
    public GrammarSource? Grammar { get; init; }

    /// <summary>How long the model may think; null for as long as it likes.</summary>
    public ThoughtBudget? Thought { get; init; }

    /// <summary>Scheduling class.</summary>
    public RequestClass Class { get; init; } = RequestClass.Default;

    /// <summary>False: neither use cached prefixes nor leave one behind.</summary>
    public bool ReusePrefix { get; init; } = true;

    /// <summary>True: nothing is written to disk because of this request.</summary>
    public bool OnlyInMemory { get; init; }

    /// <summary>Requests share prefixes only with requests of the same salt; null is a salt of its own.</summary>
    public string? CacheSalt { get; init; }
}
