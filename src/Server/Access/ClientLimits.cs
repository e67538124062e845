namespace InferenceServer.Server.Access;

/// <summary>How much a client may have. Null: what is set for all; 0: no limit.</summary>
internal sealed record ClientLimits
{
    /// <summary>Requests in a minute.</summary>
    public int? RequestsPerMinute { get; init; }

    /// <summary>Tokens in a minute, of prompts and answers.</summary>
    public int? TokensPerMinute { get; init; }

    /// <summary>Answers under way at once.</summary>
    public int? Concurrency { get; init; }

    /// <summary>Tokens in a day of UTC, of prompts and answers.</summary>
    public long? TokensPerDay { get; init; }

    /// <summary>These, and where they say nothing, others.</summary>
    public ClientLimits Or(ClientLimits others) => new()
    {
        RequestsPerMinute = RequestsPerMinute ?? others.RequestsPerMinute,
        TokensPerMinute = TokensPerMinute ?? others.TokensPerMinute,
        Concurrency = Concurrency ?? others.Concurrency,
        TokensPerDay = TokensPerDay ?? others.TokensPerDay,
    };
}
