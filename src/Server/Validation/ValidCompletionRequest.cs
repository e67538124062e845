using System.Collections.Immutable;

namespace InferenceServer.Server.Validation;

/// <summary>A completion request in which nothing needs to be checked again. Wire-free.</summary>
internal sealed record ValidCompletionRequest : ValidRequest
{
    /// <summary>What to go on with; at least one.</summary>
    public required ImmutableArray<CompletionPrompt> Prompts { get; init; }

    /// <summary>Text that comes after the completion; null if nothing does.</summary>
    public string? Suffix { get; init; }

    /// <summary>Begin each answer with its prompt.</summary>
    public bool Echo { get; init; }

    /// <summary>Answers to generate for each prompt, at least <see cref="ValidRequest.NumChoices"/>; the most likely ones are kept.</summary>
    public int NumCandidates { get; init; } = 1;

    /// <summary>False: log probabilities are only for choosing among candidates.</summary>
    public bool ReportsLogProbs { get; init; }

    /// <summary>False: no beginning-of-sequence token before a prompt of text.</summary>
    public bool AddsSpecial { get; init; } = true;

    /// <summary>False: names of control tokens in texts stay text.</summary>
    public bool ParsesSpecial { get; init; } = true;
}
