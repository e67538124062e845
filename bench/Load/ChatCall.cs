namespace InferenceServer.Bench.Load;

/// <summary>One streamed chat completion to ask for: as long as it says whatever the model would rather do, unless it has to fit a schema.</summary>
internal sealed record ChatCall
{
    /// <summary>The conversation so far.</summary>
    public required IReadOnlyList<ChatTurn> Messages { get; init; }

    /// <summary>Tokens to generate: exactly as many, since end-of-turn is ignored; with a schema at most as many.</summary>
    public required int MaxTokens { get; init; }

    /// <summary>JSON Schema that the answer has to fit, under <c>strict</c>; null for any text.</summary>
    public string? Schema { get; init; }

    /// <summary>0: greedy.</summary>
    public double Temperature { get; init; }

    /// <summary>Of the server's sampler; means nothing to a greedy one.</summary>
    public int Seed { get; init; }

    /// <summary>False: the server is asked (<c>cache_prompt</c>) neither to use cached prefixes nor to leave one behind.</summary>
    public bool ReusePrefix { get; init; } = true;

    /// <summary>The client hangs up this long after sending; null lets the answer end.</summary>
    public TimeSpan? AbortAfter { get; init; }
}
