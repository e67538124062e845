namespace InferenceServer.Bench.Load;

/// <summary>What a client saw of one call. Times are seconds on the clock of the run.</summary>
internal sealed record CallResult
{
    /// <summary>How it ended.</summary>
    public required CallOutcome Outcome { get; init; }

    /// <summary>When it was sent.</summary>
    public required double SentAt { get; init; }

    /// <summary>When the answer ended, or the refusal came.</summary>
    public required double EndedAt { get; init; }

    /// <summary>When each portion of text came; empty if none did.</summary>
    public required IReadOnlyList<double> ContentAt { get; init; }

    /// <summary>Prompt tokens by the server's count; 0 if it gave none.</summary>
    public int PromptTokens { get; init; }

    /// <summary>Of those, tokens that the server says it did not compute.</summary>
    public int CachedTokens { get; init; }

    /// <summary>Generated tokens by the server's count; portions of text if it gave none.</summary>
    public int CompletionTokens { get; init; }

    /// <summary>The text.</summary>
    public string Text { get; init; } = "";

    /// <summary>HTTP status; 0 if there was no response.</summary>
    public int HttpStatus { get; init; }

    /// <summary>True if the response said when to try again.</summary>
    public bool HasRetryAfter { get; init; }

    /// <summary>What went wrong; null unless <see cref="CallOutcome.Failed"/>.</summary>
    public string? Error { get; init; }

    /// <summary>Seconds from sending to the first text; NaN without any.</summary>
    public double TimeToFirstToken => ContentAt.Count > 0 ? ContentAt[0] - SentAt : double.NaN;

    /// <summary>Seconds between portions of text.</summary>
    public IEnumerable<double> Gaps => ContentAt.Skip(1).Zip(ContentAt, (later, earlier) => later - earlier);
}

/// <summary>How a call ended, as its client sees it.</summary>
internal enum CallOutcome
{
    /// <summary>A whole answer.</summary>
    Completed,

    /// <summary>The client hung up, as it was told to.</summary>
    Aborted,

    /// <summary>429: the server has enough to do.</summary>
    Refused,

    /// <summary>Another status, an error in the stream, or a stream that just ended.</summary>
    Failed,
}
