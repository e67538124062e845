using System.Diagnostics;
using InferenceServer.Inference.Cache;

namespace InferenceServer.Inference.Scheduling;

/// <summary>
/// Hands the time that running streams can spare to prefills, shortest remaining first: what fits into a step becomes rows of it, what does not is computed in slices between the steps.
/// Pure; engine thread only.
/// </summary>
/// <param name="limits">What a step may hold.</param>
/// <param name="costs">Predicts durations.</param>
internal sealed class PrefillTurns(SchedulerLimits limits, StepCosts costs)
{
    // A token served takes back so much waiting: a document that became first by age would else stay first until it is done, and hold up every
    // voice command behind it. In virtual time with 4 the slowest hundredth of those waited a quarter to a half as long as with 1, documents a third longer.
    private const int ServedTokenWorth = 4;

    // What a token given to somebody else counts for.
    private const double PassedTokenWorth = 0.5;

    private static readonly Comparison<Sequence> ShortestFirst = (a, b) =>
        Urgency(a).CompareTo(Urgency(b)) is not 0 and var order ? order : a.Arrival.CompareTo(b.Arrival);

    private readonly List<Sequence> _prefills = new(limits.MaxSequences);
    private int _numTaken; // tokens, in the step

    /// <summary>The chunk that is computed in slices.</summary>
    public SlicedPrefill Sliced { get; } = new(limits, costs);

    /// <summary>Adds prefills to a step that holds its decodes and restores. A step that stays without rows becomes a slice, if there is a chunk.</summary>
    /// <param name="running">Sequences with cells.</param>
    /// <param name="cache">The books, of which cells are taken.</param>
    /// <param name="step">The step.</param>
    public void Schedule(List<Sequence> running, KvCache cache, ScheduledStep step)
    {
        var decodes = step.Work;

        // What comes back takes the time that running streams can spare.
        var isSliceDue = step is not { Restores.Count: > 0, NumDecodes: > 0 } && AddRows(running, cache, step);
        Sliced.EndRows(decodes, isSliceDue);
        if (step is { IsEmpty: true, Restores.Count: 0 })
        {
            Sliced.TryTake(step);
        }
    }

    // The prefill with the least left goes first, unless others were served instead of it for long: half a token counts for each token given to others.
    private static double Urgency(Sequence sequence)
    {
        var left = Math.Min(sequence.NumRemainingTokens, Math.Max(1, sequence.AwaitedLength - sequence.NumComputedTokens));
        return left - (sequence.NumPassedTokens * PassedTokenWorth);
    }

    // False: the next step is to have rows instead of a slice, since a prefill that needs them is more urgent than the chunk.
    private bool AddRows(List<Sequence> running, KvCache cache, ScheduledStep step)
    {
        FindPrefills(running);
        var budget = new PrefillBudget(limits, costs, step.Work, Sliced.SpentMilliseconds);
        var numLeft = 0;
        foreach (var sequence in _prefills)
        {
            numLeft += sequence.NumRemainingTokens;
        }

        var (underWay, isSliceDue) = (Sliced.Sequence, true);
        _numTaken = 0;
        for (var i = 0; i < _prefills.Count; i++)
        {
            var sequence = _prefills[i];
            var count = Math.Min(budget.Next(step.Work, sequence.NumComputedTokens, numLeft), sequence.NumRemainingTokens);
            count = Math.Min(count, cache.NumAvailableCells);
            count = Math.Min(count, GetOutputRoom(step, sequence, numOthers: _prefills.Count - i - 1));
            numLeft -= sequence.NumRemainingTokens;
            if (step.NumDecodes > 0 && count < sequence.NumRemainingTokens)
            {
                // It does not fit beside the streams.
                if (Sliced.Sequence is null ? isSliceDue && TryBeginChunk(sequence, cache, step) : Urgency(sequence) > ChunkUrgency())
                {
                    continue;
                }

                isSliceDue = false;
                count = Sliced.SpentMilliseconds > 0 ? 0 : count;
            }

            if (count <= 0)
            {
                break;
            }

            Take(sequence, count, cache);
            step.Add(sequence, count, isDecode: false);
            if (count == sequence.NumRemainingTokens)
            {
                budget.Watch();
            }
        }

        foreach (var sequence in _prefills)
        {
            sequence.NumPassedTokens += _numTaken;
        }

        underWay?.NumPassedTokens += _numTaken;

        return isSliceDue;
    }

    private double ChunkUrgency() => Sliced.NumTokens - (Sliced.Sequence!.NumPassedTokens * PassedTokenWorth);

    private void FindPrefills(List<Sequence> running)
    {
        _prefills.Clear();
        foreach (var sequence in running)
        {
            // Also one that came back with only its newest token to compute, after the decodes were chosen.
            if (sequence.Restore is null && sequence != Sliced.Sequence && (sequence.IsPrefill || sequence.Lease!.NumTokens == sequence.NumComputedTokens))
            {
                _prefills.Add(sequence);
            }
        }

        _prefills.Sort(ShortestFirst);
    }

    // A prefill that would fit into a step of its streams alone need not be sliced, and one whose tokens cost no more in rows is better off there: the streams' step reads the weights anyway.
    private bool TryBeginChunk(Sequence sequence, KvCache cache, ScheduledStep step)
    {
        var count = Math.Min(Sliced.GetChunk(sequence), cache.NumAvailableCells);
        if (count <= 0
            || new PrefillBudget(limits, costs, step.Work).Next(step.Work, sequence.NumComputedTokens, sequence.NumRemainingTokens) >= sequence.NumRemainingTokens
            || !(limits.AlwaysSlices || costs.IsCheaperAlone(sequence.NumComputedTokens, count)))
        {
            return false;
        }

        Take(sequence, count, cache);
        Sliced.Begin(sequence, count);
        return true;
    }

    private void Take(Sequence sequence, int count, KvCache cache)
    {
        var isTaken = cache.TryTake(sequence.Lease!, count);
        Debug.Assert(isTaken, "Available cells can be taken.");
        _numTaken += count;
        sequence.NumPassedTokens = Math.Max(0, sequence.NumPassedTokens - (ServedTokenWorth * count));
    }

    // Tokens of a prefill that fit into the step's output budget; each of the others may still need one output.
    private int GetOutputRoom(ScheduledStep step, Sequence sequence, int numOthers) => sequence.FirstWantedLogits == sequence.NumTokens - 1
        ? int.MaxValue
        : sequence.FirstWantedLogits - sequence.NumComputedTokens + limits.MaxOutputs - step.NumOutputs - numOthers;
}
