using InferenceServer.Inference.Cache.Disk;

namespace InferenceServer.Inference.Engine;

/// <summary>The part of <see cref="EngineStats"/> about prefixes on disk. Totals are since start.</summary>
public sealed record DiskStats
{
    /// <summary>Whether there is such a tier.</summary>
    public DiskTierState State { get; init; }

    /// <summary>Bytes of all files, other models' included.</summary>
    public long NumBytes { get; init; }

    /// <summary>Tokens whose KV this model's files hold.</summary>
    public long NumTokens { get; init; }

    /// <summary>Bytes that may be written now (<c>Cache:DiskWritesPerDay</c>).</summary>
    public long NumBytesLeft { get; init; }

    /// <summary>Requests that found a part of their prompt on disk.</summary>
    public long NumHits { get; init; }

    /// <summary>Tokens of those parts that came back.</summary>
    public long NumRestoredTokens { get; init; }

    /// <summary>Tokens whose KV was written.</summary>
    public long NumWrittenTokens { get; init; }

    /// <summary>Bytes written.</summary>
    public long NumWrittenBytes { get; init; }

    /// <summary>Bytes read and found sound.</summary>
    public long NumReadBytes { get; init; }

    /// <summary>Tokens whose KV gave way to others.</summary>
    public long NumEvictedTokens { get; init; }

    /// <summary>Spans that were worth writing when nothing of the day's budget was left.</summary>
    public long NumOverBudget { get; init; }

    /// <summary>Seconds of writing, checksums included.</summary>
    public double WriteSeconds { get; init; }

    /// <summary>Seconds of reading, checksums included.</summary>
    public double ReadSeconds { get; init; }

    /// <summary>Files dropped, by <see cref="SpanFault"/>; empty without a tier.</summary>
    public IReadOnlyList<long> NumDropped { get; init; } = [];

    /// <summary>These totals on top of those of an engine before; what is not a total stays.</summary>
    internal DiskStats After(DiskStats before) => this with
    {
        NumHits = before.NumHits + NumHits,
        NumRestoredTokens = before.NumRestoredTokens + NumRestoredTokens,
        NumWrittenTokens = before.NumWrittenTokens + NumWrittenTokens,
        NumWrittenBytes = before.NumWrittenBytes + NumWrittenBytes,
        NumReadBytes = before.NumReadBytes + NumReadBytes,
        NumEvictedTokens = before.NumEvictedTokens + NumEvictedTokens,
        NumOverBudget = before.NumOverBudget + NumOverBudget,
        WriteSeconds = before.WriteSeconds + WriteSeconds,
        ReadSeconds = before.ReadSeconds + ReadSeconds,
        NumDropped = before.NumDropped.Count == 0 ? NumDropped
            : NumDropped.Count == 0 ? before.NumDropped
            : [.. before.NumDropped.Zip(NumDropped, (a, b) => a + b)],
    };

    internal static DiskStats Of(DiskTier? tier, long numHits, long numRestoredTokens) => tier is null ? new DiskStats() : new DiskStats
    {
        State = tier.State,
        NumBytes = tier.Books.NumBytes,
        NumTokens = tier.Books.NumTokens,
        NumBytesLeft = tier.BudgetLeft,
        NumHits = numHits,
        NumRestoredTokens = numRestoredTokens,
        NumWrittenTokens = tier.Counts.WrittenTokens,
        NumWrittenBytes = tier.Counts.WrittenBytes,
        NumReadBytes = tier.Counts.ReadBytes,
        NumEvictedTokens = tier.Books.NumEvictedTokens,
        NumOverBudget = tier.Books.NumOverBudget,
        WriteSeconds = tier.Counts.WriteSeconds,
        ReadSeconds = tier.Counts.ReadSeconds,
        NumDropped = [.. Enum.GetValues<SpanFault>().Select(tier.Counts.Dropped)],
    };
}
