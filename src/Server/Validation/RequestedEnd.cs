using System.Collections.Immutable;

namespace InferenceServer.Server.Validation;

/// <summary>When an answer ends, apart from its length.</summary>
internal sealed record RequestedEnd
{
    /// <summary>Texts that end it; none empty.</summary>
    public ImmutableArray<string> Stop { get; init; } = [];

    /// <summary>Tokens that end it besides the model's own, each within the vocabulary.</summary>
    public ImmutableArray<int> StopTokens { get; init; } = [];

    /// <summary>True: what ended it, text or token, is part of it.</summary>
    public bool IncludesStop { get; init; }

    /// <summary>Nothing ends it before so many tokens.</summary>
    public int MinTokens { get; init; }

    /// <summary>True: the model's own wish to end does not count.</summary>
    public bool IgnoreEos { get; init; }
}
