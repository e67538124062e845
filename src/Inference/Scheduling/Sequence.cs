using InferenceServer.Inference.Cache;

namespace InferenceServer.Inference.Scheduling;

/// <summary>
/// State of one generation as the scheduler sees it: tokens and counters, no text and no sampling. Created on any thread,
/// then owned by the engine thread.
/// </summary>
internal class Sequence
{
    private int[] _tokens;

    /// <param name="requestId">The request's id.</param>
    /// <param name="prompt">At least one token.</param>
    /// <param name="output">Tokens generated before (a resumed request).</param>
    /// <param name="maxOutputTokens">At least one more than <paramref name="output"/> has, or 0: the prompt is computed and nothing generated.</param>
    public Sequence(long requestId, ReadOnlySpan<int> prompt, ReadOnlySpan<int> output, int maxOutputTokens)
    {
        RequestId = requestId;
        NumPromptTokens = prompt.Length;
        NumTokens = prompt.Length + output.Length;
        MaxTokens = prompt.Length + maxOutputTokens;

        // Room for a usual answer at once: growing later copies the whole prompt on the engine thread.
        _tokens = new int[Math.Min(MaxTokens, NumTokens + 512)];
        prompt.CopyTo(_tokens);
        output.CopyTo(_tokens.AsSpan(prompt.Length));
    }

    /// <summary>The request's id.</summary>
    public long RequestId { get; }

    /// <summary>Scheduling class.</summary>
    public RequestClass Class { get; init; } = RequestClass.Default;

    /// <summary>False: no cached prefix is used and none is left behind.</summary>
    public bool ReusePrefix { get; init; } = true;

    /// <summary>False: nothing is written to disk because of it.</summary>
    public bool MayGoToDisk { get; init; } = true;

    /// <summary>Prefixes are shared only under the same salt; null is a salt of its own.</summary>
    public string? Salt { get; init; }

    /// <summary>True: the logits after every prompt token are wanted, not only those after the last.</summary>
    public bool WantsPromptLogits { get; init; }

    /// <summary>
    /// Prompt tokens, from the first, whose logits have been handed out. Survives a preemption: what was handed out is not
    /// wanted again.
    /// </summary>
    public int NumPromptLogits { get; set; }

    /// <summary>The first position whose logits somebody needs. A cached prefix ends before it, since the cache keeps no logits.</summary>
    public int FirstWantedLogits => WantsPromptLogits && NumPromptLogits < NumPromptTokens - 1 ? NumPromptLogits : NumTokens - 1;

    /// <summary>Order of arrival, set by <see cref="Scheduler.Add"/>.</summary>
    public long Arrival { get; set; }

    /// <summary>Where it is in its life.</summary>
    public SequenceStatus Status { get; set; }

    /// <summary>Why it ended; null until <see cref="SequenceStatus.Finished"/>.</summary>
    public FinishReason? FinishReason { get; set; }

    /// <summary>Prompt tokens.</summary>
    public int NumPromptTokens { get; }

    /// <summary>Prompt and generated tokens.</summary>
    public int NumTokens { get; private set; }

    /// <summary>Generated tokens.</summary>
    public int NumOutputTokens => NumTokens - NumPromptTokens;

    /// <summary>Prompt and generated tokens at most; the scheduler clamps it to the context.</summary>
    public int MaxTokens { get; set; }

    /// <summary>Tokens whose KV exists.</summary>
    public int NumComputedTokens { get; set; }

    /// <summary>Of the prompt, tokens that came from the prefix cache at the first admission; -1 before it.</summary>
    public int NumCachedTokens { get; set; } = -1;

    /// <summary>Tokens still to be computed.</summary>
    public int NumRemainingTokens => NumTokens - NumComputedTokens;

    /// <summary>True while more than the newest token is missing: the sequence cannot yield a token by one row.</summary>
    public bool IsPrefill => NumRemainingTokens > 1 || NumTokens == NumPromptTokens;

    /// <summary>Prefill tokens that other sequences were given while this one computed or could have: its age in the order of prefills.</summary>
    public long NumPassedTokens { get; set; }

    /// <summary>The shortest prefix of this prefill that a waiting sequence wants to share; <see cref="int.MaxValue"/> if none.</summary>
    public int AwaitedLength { get; set; } = int.MaxValue;

    /// <summary>Steps in a row that failed in the device with this sequence in them.</summary>
    public int NumFailures { get; set; }

    /// <summary>Cells it holds; null unless <see cref="SequenceStatus.Running"/>.</summary>
    public KvLease? Lease { get; set; }

    /// <summary>What comes back from the store before anything is computed; null if nothing does, or nothing more.</summary>
    public RestorePlan? Restore { get; set; }

    /// <summary>The tokens whose KV exists; they do not change any more.</summary>
    public ReadOnlyMemory<int> ComputedTokens => _tokens.AsMemory(0, NumComputedTokens);

    /// <summary>All tokens.</summary>
    public ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, NumTokens);

    /// <summary>Adds generated tokens.</summary>
    public void Append(ReadOnlySpan<int> tokens)
    {
        foreach (var token in tokens)
        {
            Append(token);
        }
    }

    /// <summary>Adds a generated token.</summary>
    public void Append(int token)
    {
        if (NumTokens == _tokens.Length)
        {
            Array.Resize(ref _tokens, Math.Min(MaxTokens, _tokens.Length * 2));
        }

        _tokens[NumTokens++] = token;
    }
}
