using System.Collections.Immutable;
using InferenceServer.Inference.Sampling;
using InferenceServer.Inference.Scheduling;

namespace InferenceServer.Inference.Engine;

/// <summary>One event of a generation, in order: one Started, any number of Prompt, any number of Token, one Finished.</summary>
public readonly record struct GenerationEvent
{
    /// <summary>Which of the fields below mean something.</summary>
    public required GenerationEventKind Kind { get; init; }

    /// <summary>
    /// When it happened, in ticks of <see cref="System.Diagnostics.Stopwatch"/>; 0 if nobody noted it. A reader that is held up by its client
    /// sees events later than they happen.
    /// </summary>
    public long At { get; init; }

    /// <summary>Token: index in the output, from 0 (from the number of resumed tokens for a resumed request).</summary>
    public int OutputIndex { get; init; }

    /// <summary>Token: id in the vocabulary.</summary>
    public int TokenId { get; init; }

    /// <summary>Token: its bytes, possibly part of a character or none; memory that never changes.</summary>
    public ReadOnlyMemory<byte> Bytes { get; init; }

    /// <summary>Token: a control token, whose bytes are no text for a client (end of turn, markers).</summary>
    public bool IsControl { get; init; }

    /// <summary>Token: it ended the generation by what it is (end of turn, <see cref="GenerationRequest.StopTokens"/>), so it is no part of the text.</summary>
    public bool EndsGeneration { get; init; }

    /// <summary>Token: how likely it was; null unless <see cref="GenerationRequest.TopLogProbs"/> was set.</summary>
    public TokenLogProbs? LogProbs { get; init; }

    /// <summary>Prompt: how likely the next tokens of the prompt were, where the event before stopped; the first one is the prompt's second token.</summary>
    public ImmutableArray<TokenLogProbs> PromptLogProbs { get; init; }

    /// <summary>Started: prompt tokens that came from the prefix cache.</summary>
    public int NumCachedTokens { get; init; }

    /// <summary>Finished: why.</summary>
    public FinishReason Reason { get; init; }

    /// <summary>Finished with <see cref="FinishReason.Stop"/>: the stop text that matched; null if the model ended by itself.</summary>
    public string? MatchedStop { get; init; }
}

/// <summary>The kinds of event.</summary>
public enum GenerationEventKind
{
    /// <summary>The request left the queue and got its cells.</summary>
    Started,

    /// <summary>A part of the prompt was computed whose log probabilities were asked for.</summary>
    Prompt,

    /// <summary>One token was generated.</summary>
    Token,

    /// <summary>Nothing follows.</summary>
    Finished,
}
