using System.Diagnostics;
using InferenceServer.Inference.Cache;

namespace InferenceServer.Inference.Scheduling;

/// <summary>What one step computes. Reused from step to step; valid until the next <see cref="Scheduler.Schedule"/>. Engine thread only.</summary>
internal sealed class ScheduledStep(SchedulerLimits limits)
{
    private readonly List<ScheduledRow> _rows = new(limits.MaxSequences);

    /// <summary>One entry per sequence in the step, decodes first.</summary>
    public IReadOnlyList<ScheduledRow> Rows => _rows;

    /// <summary>Spans that come back from the store before the rows are computed, by other sequences than theirs.</summary>
    public List<ScheduledRestore> Restores { get; } = [];

    /// <summary>A slice of a long prompt's chunk, which is then all that the step does; null for a step of rows.</summary>
    public ScheduledSlice? Slice { get; private set; }

    /// <summary>True if the device has nothing to do.</summary>
    public bool IsEmpty => _rows.Count == 0 && Slice is null;

    /// <summary>What its duration depends on.</summary>
    public StepWork Work { get; private set; }

    /// <summary>Tokens of all rows, or of the slice's chunk.</summary>
    public int NumTokens => Slice?.NumTokens ?? Work.NumTokens;

    /// <summary>Sequences in it.</summary>
    public int NumSequences => Slice is null ? _rows.Count : 1;

    /// <summary>Tokens whose logits are wanted.</summary>
    public int NumOutputs { get; private set; }

    /// <summary>Rows that compute one token of a stream already running.</summary>
    public int NumDecodes => Work.NumDecodes;

    /// <summary>Tokens that are prefill.</summary>
    public int NumPrefillTokens => Work.NumPrefillTokens;

    /// <summary>The row at an index, without boxing an enumerator.</summary>
    public ScheduledRow this[int index] => _rows[index];

    internal void Clear()
    {
        _rows.Clear();
        Restores.Clear();
        Slice = null;
        Work = default;
        NumOutputs = 0;
    }

    internal void Add(in ScheduledSlice slice)
    {
        Debug.Assert(_rows.Count == 0, "Rows and a slice take turns.");
        Slice = slice;
    }

    internal void Add(Sequence sequence, int count, bool isDecode)
    {
        var start = sequence.NumComputedTokens;
        var wantsOutput = start + count == sequence.NumTokens && sequence.NumTokens < sequence.MaxTokens;

        // The logits after the prompt's last token are no prompt token's: they are the first output's.
        var firstLogits = Math.Max(start, sequence.NumPromptLogits);
        var numPromptLogits = sequence.WantsPromptLogits ? Math.Max(0, Math.Min(start + count, sequence.NumPromptTokens - 1) - firstLogits) : 0;
        _rows.Add(new ScheduledRow(sequence, start, count, wantsOutput, numPromptLogits));
        Work = isDecode ? Work.WithDecode(start) : Work.WithPrefill(start, count);
        NumOutputs += numPromptLogits + (wantsOutput ? 1 : 0);
        Debug.Assert(count > 0 && NumTokens <= limits.MaxBatchTokens, "A step stays within its token budget.");
        Debug.Assert(NumOutputs <= limits.MaxOutputs, "A step stays within its output budget.");
    }
}

/// <summary>A sequence's share of a step.</summary>
/// <param name="Sequence">Whose tokens.</param>
/// <param name="Start">Position of the first.</param>
/// <param name="NumTokens">How many, at least 1.</param>
/// <param name="WantsOutput">True: the last token's logits are wanted, since all tokens are then computed. An unfinished prefill wants none.</param>
/// <param name="NumPromptLogits">Tokens whose logits are wanted because they tell how likely the next prompt token was: from <see cref="Sequence.NumPromptLogits"/> on.</param>
internal readonly record struct ScheduledRow(Sequence Sequence, int Start, int NumTokens, bool WantsOutput, int NumPromptLogits)
{
    /// <summary>Index within the row of the first of <see cref="NumPromptLogits"/>.</summary>
    public int FirstPromptLogits => Math.Max(0, Sequence.NumPromptLogits - Start);
}

/// <summary>A chunk of a long prompt that is computed by time: so much of it as the time has room for, the rest in later slices.</summary>
/// <param name="Sequence">Whose.</param>
/// <param name="Start">Position of the chunk's first token.</param>
/// <param name="NumTokens">Tokens of the chunk, the same in all its slices. None of their logits are wanted.</param>
/// <param name="Milliseconds">How long this slice may take.</param>
internal readonly record struct ScheduledSlice(Sequence Sequence, int Start, int NumTokens, double Milliseconds);

/// <summary>A part of a sequence's prefix that comes back from the store.</summary>
/// <param name="Sequence">Whose.</param>
/// <param name="Span">Where it is; may begin before <paramref name="Start"/> and end after <paramref name="End"/>.</param>
/// <param name="Start">First position that the sequence lacks.</param>
/// <param name="End">Position after the last that it gets.</param>
internal readonly record struct ScheduledRestore(Sequence Sequence, SavedSpan Span, int Start, int End)
{
    /// <summary>True if it was on disk when its sequence asked for it.</summary>
    public bool IsFromDisk { get; init; }

    /// <summary>How many tokens it brings.</summary>
    public int NumTokens => End - Start;
}
