using System.Diagnostics;

namespace InferenceServer.Inference.Scheduling;

/// <summary>
/// The chunk of a long prompt that is computed in slices of time between the steps of running streams. The device computes it elsewhere and can pause within it, so a chunk is a whole ubatch, which is the
/// cheapest a token can be, and still nobody waits for its end. One chunk at a time. Pure; engine thread only.
/// </summary>
/// <param name="limits">For the latency target and what can be sliced.</param>
/// <param name="costs">Predicts the step that follows a slice.</param>
internal sealed class SlicedPrefill(SchedulerLimits limits, StepCosts costs)
{
    // Of the latency target, a slice and the step behind it: the rest is for what is not planned, such as a decode of twice its prediction, and for moving a chunk that is done (5 ms).
    private const double ShareOfTarget = 0.7;

    // Progress even if decoding alone takes the whole target.
    private const double MinMilliseconds = 10;

    private int _start;
    private double _milliseconds;
    private bool _isTelling;
    private (Sequence? Sequence, int Position) _next;
    private bool _isDue;
    private StepWork _decodes;

    /// <summary>Whose chunk is being computed; null if there is none.</summary>
    public Sequence? Sequence { get; private set; }

    /// <summary>Tokens of that chunk; 0 if there is none.</summary>
    public int NumTokens { get; private set; }

    /// <summary>Of the latency target, milliseconds that the slice just before took, or was given: what is left is the rows'. 0 if rows come after rows.</summary>
    public double SpentMilliseconds { get; private set; }

    /// <summary>Tokens of the next chunk of a sequence; 0 if it has to be computed in rows. Its last token always is, since the logits behind it are wanted.</summary>
    public int GetChunk(Sequence sequence)
    {
        if (sequence.FirstWantedLogits != sequence.NumTokens - 1)
        {
            return 0;
        }

        var end = Math.Min(sequence.NumTokens - 1, limits.MaxSlicedTokens);
        return Math.Clamp(end - sequence.NumComputedTokens, 0, limits.MaxBatchTokens);
    }

    /// <summary>Begins a chunk, whose cells are taken.</summary>
    public void Begin(Sequence sequence, int numTokens)
    {
        Debug.Assert(Sequence is null && numTokens > 0, "One chunk at a time.");
        Sequence = sequence;
        NumTokens = numTokens;
        _start = sequence.NumComputedTokens;
        _milliseconds = 0;

        // Else its prefix is copied first, which is no price of tokens.
        _isTelling = _start == 0 || _next == (sequence, _start);
    }

    /// <summary>A step of rows was scheduled: the next is the slice's turn, unless somebody has to be given rows first.</summary>
    /// <param name="decodes">What streams compute in it, and will again behind the slice.</param>
    /// <param name="isDue">False: rows come first.</param>
    public void EndRows(StepWork decodes, bool isDue)
    {
        SpentMilliseconds = 0;
        _decodes = decodes;
        _isDue = isDue && Sequence is not null;
    }

    /// <summary>Makes a step, empty so far, a slice if it is its turn; rows have the next.</summary>
    public bool TryTake(ScheduledStep step)
    {
        if (!_isDue || Sequence is null)
        {
            return false;
        }

        _isDue = false;
        var decodeMs = _decodes.NumTokens > 0 ? costs.Predict(_decodes) : 0;
        SpentMilliseconds = Math.Max(MinMilliseconds, (limits.GetTargetMs(decodeMs) * ShareOfTarget) - decodeMs);
        step.Add(new ScheduledSlice(Sequence, _start, NumTokens, SpentMilliseconds));
        return true;
    }

    /// <summary>A slice ran: streams have waited so long. A chunk that is done tells what tokens cost in it.</summary>
    /// <param name="slice">From the step.</param>
    /// <param name="isDone">False: the chunk goes on in the next one.</param>
    /// <param name="milliseconds">How long it took.</param>
    public void Observe(in ScheduledSlice slice, bool isDone, double milliseconds)
    {
        SpentMilliseconds = milliseconds;
        _milliseconds += milliseconds;
        if (isDone)
        {
            if (_isTelling)
            {
                costs.Observe(default(StepWork).WithPrefill(slice.Start, slice.NumTokens), _milliseconds);
            }

            End();
            _next = (slice.Sequence, slice.Start + slice.NumTokens);
        }
    }

    /// <summary>The chunk is given up.</summary>
    public void End()
    {
        Sequence = null;
        NumTokens = 0;
        _next = default;
    }
}
