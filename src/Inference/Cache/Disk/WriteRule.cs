namespace InferenceServer.Inference.Cache.Disk;

/// <summary>Which spans are worth writing: those that are dear to compute again, and were asked for again or are part of a long conversation. Pure.</summary>
internal sealed record WriteRule
{
    /// <summary>Tokens of a long conversation. A longer one will go on, more often than not; a shorter one is written when it did.</summary>
    public int MinLongTokens { get; init; } = 1024;

    /// <summary>Milliseconds that computing a long conversation takes.</summary>
    public double MinLongMs { get; init; } = 1000;

    /// <summary>Milliseconds that computing what was asked for again takes: what a user would notice.</summary>
    public double MinAgainMs { get; init; } = 100;

    /// <summary>Milliseconds of computing a MiB: four times what an SSD and a checksum take, with 1 GiB/s together.</summary>
    public double MinMsPerMiB { get; init; } = 4;

    /// <summary>True if a span should be written.</summary>
    /// <param name="span">The span.</param>
    /// <param name="conversationTokens">Tokens of the conversation that it is part of.</param>
    /// <param name="spanMs">What computing it again would take.</param>
    /// <param name="conversationMs">What computing the conversation would take.</param>
    /// <param name="isScarce">Half the day's budget is used up: only what was asked for again.</param>
    public bool IsWorth(SavedSpan span, int conversationTokens, double spanMs, double conversationMs, bool isScarce) =>
        spanMs >= MinMsPerMiB * span.NumBytes / (1 << 20)
        && (span.NumUses > 1
            ? conversationMs >= MinAgainMs
            : !isScarce && conversationTokens >= MinLongTokens && conversationMs >= MinLongMs);
}
