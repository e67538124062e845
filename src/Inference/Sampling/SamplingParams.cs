using System.Collections.Immutable;

namespace InferenceServer.Inference.Sampling;

/// <summary>
/// How to pick a token from a row of logits. Every value is final: defaults from the request, the configuration, the
/// model file and the API were resolved before.
/// </summary>
public sealed record SamplingParams
{
    /// <summary>0 picks the most likely token; otherwise divides the logits. 0 to 2.</summary>
    public float Temperature { get; init; } = 1f;

    /// <summary>Keeps the smallest set of most likely tokens with at least this much probability. 0 to 1; 1 is off.</summary>
    public float TopP { get; init; } = 1f;

    /// <summary>Keeps this many most likely tokens; 0 is off.</summary>
    public int TopK { get; init; }

    /// <summary>Drops tokens less likely than this share of the most likely one. 0 to 1; 0 is off.</summary>
    public float MinP { get; init; }

    /// <summary>Divides positive and multiplies negative logits of tokens in the penalty window; 1 is off.</summary>
    public float RepeatPenalty { get; init; } = 1f;

    /// <summary>Tokens that <see cref="RepeatPenalty"/> looks back on, prompt included; 0 is off, -1 all.</summary>
    public int RepeatLastN { get; init; } = 64;

    /// <summary>Subtracted once from logits of tokens already generated. -2 to 2; 0 is off.</summary>
    public float PresencePenalty { get; init; }

    /// <summary>Subtracted per occurrence from logits of tokens already generated. -2 to 2; 0 is off.</summary>
    public float FrequencyPenalty { get; init; }

    /// <summary>Added to single logits before anything else; -100 bans, 100 forces in practice.</summary>
    public ImmutableArray<LogitBias> LogitBias { get; init; } = [];

    /// <summary>Random numbers are a function of this, the output index and the draw. Always set: chosen at random if the client gave none.</summary>
    public required long Seed { get; init; }
}

/// <summary>A change to one token's logit.</summary>
/// <param name="TokenId">Id in the vocabulary.</param>
/// <param name="Bias">Added to the logit; negative infinity forbids the token.</param>
public readonly record struct LogitBias(int TokenId, float Bias);
