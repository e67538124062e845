namespace InferenceServer.Bench.Load;

/// <summary>One streamed chat completion to ask for: greedy, and as long as it says whatever the model would rather do.</summary>
internal sealed record ChatCall
{
    /// <summary>The conversation so far.</summary>
    public required IReadOnlyList<ChatTurn> Messages { get; init; }

    /// <summary>Tokens to generate: exactly as many, since end-of-turn is ignored.</summary>
    public required int MaxTokens { get; init; }

    /// <summary>False: the server is asked (<c>cache_prompt</c>) neither to use cached prefixes nor to leave one behind.</summary>
    public bool ReusePrefix { get; init; } = true;

    /// <summary>The client hangs up this long after sending; null lets the answer end.</summary>
    public TimeSpan? AbortAfter { get; init; }
}
