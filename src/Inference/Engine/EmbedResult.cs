using System.Collections.Immutable;

namespace InferenceServer.Inference.Engine;

/// <summary>What became of an <see cref="EmbedRequest"/>. Immutable.</summary>
public sealed record EmbedResult
{
    /// <summary>Whether there are embeddings.</summary>
    public required EmbedStatus Status { get; init; }

    /// <summary>One for each input, in their order; empty unless <see cref="EmbedStatus.Ok"/>.</summary>
    public ImmutableArray<Embedding> Embeddings { get; init; } = [];

    /// <summary>One line for people, with <see cref="EmbedStatus.Unavailable"/>; null otherwise.</summary>
    public string? Failure { get; init; }

    /// <summary>The input at fault, with <see cref="EmbedStatus.InputTooLong"/> and <see cref="EmbedStatus.InputEmpty"/>.</summary>
    public int InputIndex { get; init; }

    /// <summary>Tokens of the input at fault.</summary>
    public int NumTokens { get; init; }
}

/// <summary>The vector of one input.</summary>
/// <param name="Values">Of length 1 (or all zeros, if the model says so); from a reranker the score, as it is.</param>
/// <param name="NumTokens">Tokens that were computed, special ones included.</param>
public readonly record struct Embedding(ReadOnlyMemory<float> Values, int NumTokens);

/// <summary>Outcomes of <see cref="IInferenceEngine.EmbedAsync"/>.</summary>
public enum EmbedStatus
{
    /// <summary>There is a vector for each input.</summary>
    Ok,

    /// <summary>As many requests wait as may wait; try later.</summary>
    QueueFull,

    /// <summary>There is no embedding model, it could not be loaded, or the engine stops; <see cref="EmbedResult.Failure"/> says which.</summary>
    Unavailable,

    /// <summary>An input has more tokens than the model takes.</summary>
    InputTooLong,

    /// <summary>An input has no tokens at all.</summary>
    InputEmpty,

    /// <summary>The device failed, or gave what is no number.</summary>
    Failed,
}
