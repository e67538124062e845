namespace InferenceServer.Inference.Engine;

/// <summary>Counts at the end of a step. Tokens and cells are counts, times are totals since start.</summary>
public sealed record EngineStats
{
    /// <summary>Sequences that compute now.</summary>
    public int NumRunning { get; init; }

    /// <summary>Sequences that wait for a place, preempted ones included.</summary>
    public int NumWaiting { get; init; }

    /// <summary>Of <see cref="NumWaiting"/>, sequences that lost their cells to another and will be computed again.</summary>
    public int NumPreempted { get; init; }

    /// <summary>Of <see cref="NumWaiting"/>, sequences that could have a place but wait for another that computes the same prefix.</summary>
    public int NumDeferred { get; init; }

    /// <summary>KV cells of the context; 0 while loading.</summary>
    public int NumCells { get; init; }

    /// <summary>Cells that running sequences hold; nobody may take them.</summary>
    public int NumUsedCells { get; init; }

    /// <summary>Cells that hold cached prefixes nobody runs on; taken when needed.</summary>
    public int NumCachedCells { get; init; }

    /// <summary>When the step that runs now began, in ticks of <see cref="System.Diagnostics.Stopwatch"/>; 0 while none runs. A step that does not run any more has been reported.</summary>
    public long StepStartedAt { get; init; }

    /// <summary>Steps since start.</summary>
    public long NumSteps { get; init; }

    /// <summary>Prompt tokens of admitted requests since start, cached ones included; not those that another engine had admitted before.</summary>
    public long NumPromptTokens { get; init; }

    /// <summary>Of those, tokens that came from the prefix cache.</summary>
    public long NumCachedTokens { get; init; }

    /// <summary>Prompt tokens of admitted requests that were looked for in the prefix cache.</summary>
    public long NumQueriedTokens { get; init; }

    /// <summary>Prefill tokens computed since start, those of preempted sequences that are computed again included.</summary>
    public long NumPrefillTokens { get; init; }

    /// <summary>Tokens generated since start.</summary>
    public long NumOutputTokens { get; init; }

    /// <summary>Sequences whose cells were taken for another since start.</summary>
    public long NumPreemptions { get; init; }

    /// <summary>Steps that the library found no cells for, or that failed in the device; computed again.</summary>
    public long NumFailedSteps { get; init; }

    /// <summary>Tokens computed for nobody while idle, so that the model stays warm; in none of the counts above.</summary>
    public long NumKeepWarmSteps { get; init; }

    /// <summary>Times that the KV books were compared with the library's memory since start: whenever the engine falls idle.</summary>
    public long NumBookChecks { get; init; }

    /// <summary>Of those, times that they did not match and the memory was made anew; 0 unless there is a bug.</summary>
    public long NumBookErrors { get; init; }

    /// <summary>Bytes of prefixes kept in the host's memory.</summary>
    public long NumStoredBytes { get; init; }

    /// <summary>Tokens whose KV they hold.</summary>
    public long NumStoredTokens { get; init; }

    /// <summary>Tokens whose KV was copied from the cells to the host's memory since start.</summary>
    public long NumSavedTokens { get; init; }

    /// <summary>Tokens whose KV was copied back since start, instead of being computed.</summary>
    public long NumRestoredTokens { get; init; }

    /// <summary>Requests since start that found a part of their prompt in the cells.</summary>
    public long NumCellHits { get; init; }

    /// <summary>Requests since start that found a part of their prompt in the host's memory.</summary>
    public long NumMemoryHits { get; init; }

    /// <summary>Prefixes on disk.</summary>
    public DiskStats Disk { get; init; } = new();

    /// <summary>Cached tokens that gave their cells to others since start.</summary>
    public long NumEvictedCells { get; init; }

    /// <summary>Tokens whose KV gave way to others in the host's memory since start.</summary>
    public long NumEvictedTokens { get; init; }

    /// <summary>Seconds that copying to the host's memory took since start.</summary>
    public double SaveSeconds { get; init; }

    /// <summary>Seconds that copying back took since start.</summary>
    public double RestoreSeconds { get; init; }

    /// <summary>Requests in the command queue that the engine thread has not seen yet.</summary>
    public int NumQueued { get; init; }

    /// <summary>The same counts on top of what an engine before this one counted; what is a state and no count stays.</summary>
    internal EngineStats After(EngineStats before) => this with
    {
        NumSteps = before.NumSteps + NumSteps,
        NumPromptTokens = before.NumPromptTokens + NumPromptTokens,
        NumCachedTokens = before.NumCachedTokens + NumCachedTokens,
        NumQueriedTokens = before.NumQueriedTokens + NumQueriedTokens,
        NumPrefillTokens = before.NumPrefillTokens + NumPrefillTokens,
        NumOutputTokens = before.NumOutputTokens + NumOutputTokens,
        NumPreemptions = before.NumPreemptions + NumPreemptions,
        NumFailedSteps = before.NumFailedSteps + NumFailedSteps,
        NumKeepWarmSteps = before.NumKeepWarmSteps + NumKeepWarmSteps,
        NumBookChecks = before.NumBookChecks + NumBookChecks,
        NumBookErrors = before.NumBookErrors + NumBookErrors,
        NumSavedTokens = before.NumSavedTokens + NumSavedTokens,
        NumRestoredTokens = before.NumRestoredTokens + NumRestoredTokens,
        NumEvictedCells = before.NumEvictedCells + NumEvictedCells,
        NumEvictedTokens = before.NumEvictedTokens + NumEvictedTokens,
        SaveSeconds = before.SaveSeconds + SaveSeconds,
        RestoreSeconds = before.RestoreSeconds + RestoreSeconds,
        NumCellHits = before.NumCellHits + NumCellHits,
        NumMemoryHits = before.NumMemoryHits + NumMemoryHits,
        Disk = Disk.After(before.Disk),
    };
}
