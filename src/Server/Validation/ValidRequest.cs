using InferenceServer.Inference.Grammar;
using InferenceServer.Inference.Scheduling;

namespace InferenceServer.Server.Validation;

/// <summary>What every request for text has in common, whatever its prompt is. Nothing in it needs to be checked again.</summary>
internal abstract record ValidRequest
{
    /// <summary>The name the client gave; null if none.</summary>
    public string? Model { get; init; }

    /// <summary>Number of answers to a prompt, at least 1.</summary>
    public int NumChoices { get; init; } = 1;

    /// <summary>Answer as a stream.</summary>
    public bool Stream { get; init; }

    /// <summary>End the stream with a chunk of usage.</summary>
    public bool IncludeUsage { get; init; }

    /// <summary>Tokens to generate at most; null for as many as fit.</summary>
    public int? MaxOutputTokens { get; init; }

    /// <summary>When to end before that.</summary>
    public RequestedEnd End { get; init; } = new();

    /// <summary>Alternatives to report with each token, 0 to 20; null for no log probabilities.</summary>
    public int? TopLogProbs { get; init; }

    /// <summary>How to pick, as far as the client said.</summary>
    public required RequestedSampling Sampling { get; init; }

    /// <summary>What the answer's text must fit, called by its place in the request and not yet checked; null for any text.</summary>
    public GrammarPart.Embedded? Constraint { get; init; }

    /// <summary>False: neither use nor leave behind a cached prefix.</summary>
    public bool ReusePrefix { get; init; } = true;

    /// <summary>Who may share prefixes with this request; null for everybody without a salt.</summary>
    public string? CacheSalt { get; init; }

    /// <summary>True: nothing is written to disk because of this request.</summary>
    public bool OnlyInMemory { get; init; }

    /// <summary>Scheduling class; null if the client named none.</summary>
    public RequestClass? Class { get; init; }
}
