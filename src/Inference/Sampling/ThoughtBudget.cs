using System.Collections.Immutable;

namespace InferenceServer.Inference.Sampling;

/// <summary>A limit on the thought before an answer: when it is used up, the text that ends a thought is put into the output.</summary>
public sealed record ThoughtBudget
{
    /// <summary>Tokens of the thought at most, 1 and more.</summary>
    public required int MaxTokens { get; init; }

    /// <summary>True: the prompt ends within the thought.</summary>
    public required bool IsOpen { get; init; }

    /// <summary>Text with which the output begins a thought; null if only the prompt does.</summary>
    public string? Start { get; init; }

    /// <summary>Text that ends it; the names of control tokens count as text.</summary>
    public required string End { get; init; }

    /// <summary>Tokens of <see cref="End"/> and what goes with it, each within the vocabulary.</summary>
    public required ImmutableArray<int> EndTokens { get; init; }
}
