namespace InferenceServer.Inference.Engine;

/// <summary>What one step did, in numbers only. A plain value: it can cross a process boundary as it is.</summary>
public readonly record struct StepReport
{
    /// <summary>When the device began with the step, in ticks of <see cref="System.Diagnostics.Stopwatch"/>, which counts alike in all processes of a machine.</summary>
    public required long StartedAt { get; init; }

    /// <summary>When its last token was published, in the same ticks.</summary>
    public required long EndedAt { get; init; }

    /// <summary>Of the step, seconds that the device computed and the tokens were picked.</summary>
    public required double RunSeconds { get; init; }

    /// <summary>Whether anything came of it; if not, its rows are computed again, unless it only paused.</summary>
    public required RunStatus Status { get; init; }

    /// <summary>Rows that computed one token of a stream already running.</summary>
    public required int NumDecodes { get; init; }

    /// <summary>Tokens that were prefill; those of a chunk in slices count in its last slice.</summary>
    public required int NumPrefillTokens { get; init; }

    /// <summary>True if the step was to compute prefill, whether or not a chunk of it is done.</summary>
    public bool IsPrefill => NumPrefillTokens > 0 || NumDecodes == 0;

    /// <summary>Tokens generated.</summary>
    public required int NumOutputTokens { get; init; }
}

/// <summary>A sequence's part of a step.</summary>
/// <param name="RequestId">Whose: <see cref="GenerationRequest.Id"/>.</param>
/// <param name="IsDecode">True: one token of a stream already running; false: prefill.</param>
/// <param name="NumTokens">Tokens computed.</param>
/// <param name="NumContextTokens">Tokens in its KV cache afterwards, which the step had to read.</param>
/// <param name="NumOutputTokens">Tokens that the step gave it: more than one if a grammar left no choice.</param>
/// <param name="Share">Its share of the step's cost by the prices that the engine has measured, 0 to 1; a step's shares add up to 1.</param>
public readonly record struct StepRow(long RequestId, bool IsDecode, int NumTokens, int NumContextTokens, int NumOutputTokens, float Share);

/// <summary>Is told of a step. The rows are valid only during the call.</summary>
/// <param name="report">The step.</param>
/// <param name="rows">One per sequence in it, decodes first.</param>
public delegate void StepObserver(in StepReport report, ReadOnlySpan<StepRow> rows);
