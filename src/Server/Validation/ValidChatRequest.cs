using System.Collections.Immutable;
using InferenceServer.Inference.Chat;
using InferenceServer.Inference.Scheduling;

namespace InferenceServer.Server.Validation;

/// <summary>A chat request in which nothing needs to be checked again. Wire-free: other dialects make the same.</summary>
internal sealed record ValidChatRequest
{
    /// <summary>The name the client gave; null if none.</summary>
    public string? Model { get; init; }

    /// <summary>What the template is given.</summary>
    public required ChatPrompt Prompt { get; init; }

    /// <summary>Number of answers, at least 1.</summary>
    public int NumChoices { get; init; } = 1;

    /// <summary>Answer as a stream.</summary>
    public bool Stream { get; init; }

    /// <summary>End the stream with a chunk of usage.</summary>
    public bool IncludeUsage { get; init; }

    /// <summary>Tokens to generate at most, at least 1; null for as many as fit.</summary>
    public int? MaxOutputTokens { get; init; }

    /// <summary>Texts that end an answer; none empty.</summary>
    public ImmutableArray<string> Stop { get; init; } = [];

    /// <summary>How to pick, as far as the client said.</summary>
    public required RequestedSampling Sampling { get; init; }

    public bool IgnoreEos { get; init; }

    /// <summary>False: neither use nor leave behind a cached prefix.</summary>
    public bool ReusePrefix { get; init; } = true;

    /// <summary>Who may share prefixes with this request; null for everybody without a salt.</summary>
    public string? CacheSalt { get; init; }

    /// <summary>Scheduling class.</summary>
    public RequestClass Class { get; init; } = RequestClass.Default;
}
