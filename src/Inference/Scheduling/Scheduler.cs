using System.Diagnostics;
using InferenceServer.Inference.Cache;

namespace InferenceServer.Inference.Scheduling;

/// <summary>
/// Decides what each step computes: lists and counters in, a <see cref="ScheduledStep"/> out. There is no prefill phase and no
/// decode phase; every sequence has <see cref="Sequence.NumComputedTokens"/> that must catch up with <see cref="Sequence.NumTokens"/>.
/// No native call, clock, channel or text. Engine thread only.
/// </summary>
/// <param name="limits">What a step may hold.</param>
/// <param name="cache">The KV books.</param>
/// <param name="costs">Predicts durations.</param>
/// <param name="traffic">To and from prefixes outside the cells; null if there is no such place.</param>
internal sealed class Scheduler(SchedulerLimits limits, KvCache cache, StepCosts costs, PrefixTraffic? traffic = null)
{
    // A sequence that failed in the device this often in a row is itself the suspect.
    private const int MaxFailures = 2;

    private readonly WaitingQueue _waiting = new();
    private readonly List<Sequence> _running = new(limits.MaxSequences);     // by class, then arrival: victims are at the end
    private readonly ScheduledStep _step = new(limits);
    private readonly PrefillTurns _prefills = new(limits, costs);
    private long _numArrivals;

    /// <summary>The KV books.</summary>
    public KvCache Cache { get; private set; } = cache;

    /// <summary>Sequences that compute.</summary>
    public IReadOnlyList<Sequence> Running => _running;

    /// <summary>Sequences without cells, preempted ones included.</summary>
    public int NumWaiting => _waiting.Count;

    /// <summary>Of them, sequences that were preempted.</summary>
    public int NumPreempted { get; private set; }

    /// <summary>Of them, sequences that the last admission passed over because another computes their prefix.</summary>
    public int NumDeferred { get; private set; }

    /// <summary>True if a step could do anything.</summary>
    public bool HasWork => _running.Count > 0 || _waiting.Count > 0;

    /// <summary>Preemptions since start.</summary>
    public long NumPreemptions { get; private set; }

    /// <summary>Sequences that found a part of their tokens in the cells when they were admitted, since start.</summary>
    public long NumCellHits { get; private set; }

    /// <summary>Sequences admitted for the first time since the engine last cleared this.</summary>
    public List<Sequence> Admitted { get; } = new(limits.MaxSequences);

    /// <summary>Sequences finished since the engine last cleared this.</summary>
    public List<Sequence> Finished { get; } = new(limits.MaxSequences);

    /// <summary>Takes a new sequence into the queue.</summary>
    public void Add(Sequence sequence)
    {
        Debug.Assert(sequence.NumTokens < limits.MaxSequenceTokens, "The engine refuses prompts that leave no room for a token.");
        Debug.Assert(limits.MaxOutputs >= limits.MaxSequences, "Every sequence of a step may yield a token.");
        sequence.MaxTokens = Math.Min(sequence.MaxTokens, limits.MaxSequenceTokens);
        sequence.Arrival = _numArrivals++;
        _waiting.Add(sequence);
    }

    /// <summary>Ends a sequence between two steps. What it has computed stays in the prefix tree.</summary>
    public void Abort(Sequence sequence)
    {
        if (sequence.Status != SequenceStatus.Finished)
        {
            Finish(sequence, FinishReason.Aborted);
        }
    }

    /// <summary>Decides the next step. Empty only if nothing can run: there is no work, or all of it waits for what is being read.</summary>
    public ScheduledStep Schedule()
    {
        _step.Clear();
        if (_prefills.Sliced.TryTake(_step))
        {
            return _step;
        }

        var preemptions = NumPreemptions;
        ScheduleDecodes();
        if (NumPreemptions == preemptions)
        {
            Admit();
        }

        if (_running.Count > 0)
        {
            traffic?.EvictIdle(Cache);
        }

        traffic?.Schedule(_running, Cache, _step, _prefills.Sliced.SpentMilliseconds);
        Announce();
        _prefills.Schedule(_running, Cache, _step);
        while (_step.IsEmpty && _step.Restores.Count == 0 && _running.Count > 0 && traffic is not { IsReading: true })
        {
            // Nobody decodes and the prefills that run have taken each other's cells: the last one gives way.
            GiveWay(_running[^1]);
            _prefills.Schedule(_running, Cache, _step);
        }

        return _step;
    }

    /// <summary>Books a span of the step that came back from the store, or did not; all of them, in order, before the rows are computed.</summary>
    public void PostProcess(in ScheduledRestore restore, bool isRestored, double milliseconds)
    {
        traffic!.PostProcess(restore, isRestored, milliseconds, Cache);
        Announce();
    }

    /// <summary>Books a step that ran. <paramref name="sampled"/> has one entry per row that wanted an output, in order.</summary>
    public void PostProcess(ScheduledStep step, ReadOnlySpan<SampledToken> sampled)
    {
        var next = 0;
        for (var i = 0; i < step.Rows.Count; i++)
        {
            var row = step[i];
            var sequence = row.Sequence;
            sequence.NumComputedTokens += row.NumTokens;
            sequence.NumPromptLogits += row.NumPromptLogits;
            sequence.NumFailures = 0;
            if (row.Start < sequence.NumPromptTokens || row.Start / PrefixNode.BlockSize < sequence.NumComputedTokens / PrefixNode.BlockSize)
            {
                // Generated tokens enter the tree by whole blocks and at the end: equal streams side by side then share cells without work at every token.
                Cache.Attach(sequence.Lease!, sequence.Tokens);
            }

            if (row.WantsOutput)
            {
                var token = sampled[next++];
                if (token.TokenId >= 0)
                {
                    sequence.Append(token.TokenId);
                    sequence.Append(token.Forced.Span);
                }

                if ((token.FinishReason ?? (sequence.NumTokens >= sequence.MaxTokens ? FinishReason.Length : null)) is { } reason)
                {
                    Finish(sequence, reason);
                }
            }
            else if (sequence.NumRemainingTokens == 0)
            {
                Finish(sequence, FinishReason.Length); // nothing was to be generated
            }
        }
    }

    /// <summary>Books a slice that ran.</summary>
    /// <param name="slice">From the step.</param>
    /// <param name="isDone">False: its chunk goes on in the next one.</param>
    /// <param name="milliseconds">How long it took.</param>
    public void PostProcess(in ScheduledSlice slice, bool isDone, double milliseconds)
    {
        _prefills.Sliced.Observe(slice, isDone, milliseconds);
        if (isDone)
        {
            slice.Sequence.NumComputedTokens += slice.NumTokens;
            slice.Sequence.NumFailures = 0;
            Cache.Attach(slice.Sequence.Lease!, slice.Sequence.Tokens);
        }
    }

    /// <summary>The library found no cells for a step although the books had some: nothing was computed; make room and try again.</summary>
    public void PostProcessNoCells(ScheduledStep step)
    {
        foreach (var row in step.Rows)
        {
            Cache.Return(row.Sequence.Lease!, row.NumTokens);
        }

        GiveUpChunk(step.Slice?.Sequence);
        Cache.EvictAll();
        if (++_running[^1].NumFailures > MaxFailures && _running.Count == 1)
        {
            Finish(_running[^1], FinishReason.Error);
        }
        else
        {
            GiveWay(_running[^1]);
        }
    }

    /// <summary>
    /// The device failed in a step, and <see cref="Restart"/> follows: a sequence that was in too many failed steps in a row
    /// ends with <see cref="FinishReason.Error"/>.
    /// </summary>
    public void PostProcessFailure(ScheduledStep step)
    {
        GiveUpChunk(step.Slice?.Sequence);
        for (var i = 0; i < step.Rows.Count; i++)
        {
            Cache.Return(step[i].Sequence.Lease!, step[i].NumTokens);
            CountFailure(step[i].Sequence);
        }

        if (step.Slice is { } slice)
        {
            CountFailure(slice.Sequence);
        }
    }

    /// <summary>The KV memory was made anew: what runs is computed again from its tokens.</summary>
    public void Restart(KvCache emptyCache)
    {
        Cache = emptyCache;
        _prefills.Sliced.End();
        while (_running.Count > 0)
        {
            _running[^1].Lease = null;
            Requeue(_running[^1]);
        }
    }

    /// <summary>Throws if the books contradict themselves.</summary>
    public void CheckIntegrity() => Cache.CheckIntegrity(_running.Select(sequence => sequence.Lease!));

    // A sequence does not go on with its chunk, if it has one.
    private void GiveUpChunk(Sequence? sequence)
    {
        if (sequence is not null && sequence == _prefills.Sliced.Sequence)
        {
            Cache.Return(sequence.Lease!, _prefills.Sliced.NumTokens);
            _prefills.Sliced.End();
        }
    }

    private void CountFailure(Sequence sequence)
    {
        if (++sequence.NumFailures > MaxFailures)
        {
            Finish(sequence, FinishReason.Error);
        }
    }

    // Running streams get their token first.
    private void ScheduleDecodes()
    {
        for (var i = 0; i < _running.Count; i++)
        {
            var sequence = _running[i];
            sequence.AwaitedLength = int.MaxValue;
            if (sequence.IsPrefill)
            {
                continue;
            }

            var hasCell = Cache.TryTake(sequence.Lease!, 1);
            while (!hasCell && _running[^1] != sequence)
            {
                Preempt(_running[^1]);
                hasCell = Cache.TryTake(sequence.Lease!, 1);
            }

            if (hasCell)
            {
                _step.Add(sequence, 1, isDecode: true);
            }
            else
            {
                GiveWay(sequence);
                i--;
            }
        }
    }

    private void Admit()
    {
        NumDeferred = 0;
        for (var i = 0; i < _waiting.Count && _running.Count < limits.MaxSequences;)
        {
            var sequence = _waiting[i];
            var match = sequence.ReusePrefix ? Cache.Match(sequence.Tokens, sequence.FirstWantedLogits, sequence.Salt) : default;
            if (IsComputedByAnother(sequence, match.Length))
            {
                i++; // passed over, keeps its place
                NumDeferred++;
                continue;
            }

            var needed = GetReservedLength(sequence) - match.Length;
            if (needed > Cache.NumAvailableCells - KvCache.CountUnlocked(match) - CountPromisedCells())
            {
                return; // the first that is ready blocks for memory
            }

            if (Cache.Acquire(match, sequence.Salt, sequence.ReusePrefix) is not { } lease)
            {
                return;
            }

            _waiting.RemoveAt(i);
            Start(sequence, lease);
        }
    }

    private void Start(Sequence sequence, KvLease lease)
    {
        sequence.Lease = lease;
        sequence.NumComputedTokens = lease.NumTokens;
        sequence.NumPassedTokens = 0;
        NumCellHits += lease.NumTokens > 0 ? 1 : 0;
        NumPreempted -= sequence.Status == SequenceStatus.Preempted ? 1 : 0;
        sequence.Status = SequenceStatus.Running;
        traffic?.Plan(sequence);
        var index = _running.Count;
        while (index > 0 && (sequence.Class, sequence.Arrival).CompareTo((_running[index - 1].Class, _running[index - 1].Arrival)) < 0)
        {
            index--;
        }

        _running.Insert(index, sequence);
    }

    // Whoever has what it found in the cells and in the store: only then it is known how much that is.
    private void Announce()
    {
        foreach (var sequence in _running)
        {
            if (sequence is { NumCachedTokens: < 0, Restore: null })
            {
                sequence.NumCachedTokens = Math.Min(sequence.NumComputedTokens, sequence.NumPromptTokens);
                Admitted.Add(sequence);
            }
        }
    }

    // Single flight: another sequence is about to compute a longer common prefix than the cache has now.
    private bool IsComputedByAnother(Sequence sequence, int matchedLength)
    {
        if (!sequence.ReusePrefix || !Cache.CanShare)
        {
            return false;
        }

        foreach (var other in _running)
        {
            if (other.IsPrefill && other.ReusePrefix && other.Salt == sequence.Salt)
            {
                var common = other.Tokens.CommonPrefixLength(sequence.Tokens[..sequence.FirstWantedLogits]);
                if (common > other.NumComputedTokens && IsWorthWaiting(common - matchedLength, sequence.NumTokens - matchedLength))
                {
                    other.AwaitedLength = Math.Min(other.AwaitedLength, common);
                    return true;
                }
            }
        }

        return false;
    }

    // A block, or half of what the sequence would compute itself: a short command need not wait for a book because both
    // begin with the same two sentences.
    private static bool IsWorthWaiting(int numSharedTokens, int numMissingTokens) =>
        numSharedTokens >= PrefixNode.BlockSize || (numSharedTokens > 0 && numSharedTokens * 2 >= numMissingTokens);

    private int GetReservedLength(Sequence sequence) =>
        Math.Min(sequence.MaxTokens, Math.Max(sequence.NumTokens + 1, sequence.NumPromptTokens + limits.ReservedOutputTokens));

    private int CountPromisedCells()
    {
        var count = 0;
        foreach (var sequence in _running)
        {
            count += Math.Max(0, GetReservedLength(sequence) - sequence.Lease!.NumTokens);
        }

        return count;
    }

    // A sequence that cannot have what it needs: alone, it has reached the end of the memory; else it waits for the others.
    private void GiveWay(Sequence sequence)
    {
        if (_running.Count == 1)
        {
            Finish(sequence, FinishReason.Length);
        }
        else
        {
            Preempt(sequence);
        }
    }

    private void Preempt(Sequence sequence)
    {
        NumPreemptions++;
        GiveBackCells(sequence);
        Requeue(sequence);
    }

    private void Requeue(Sequence sequence)
    {
        _running.Remove(sequence);
        sequence.NumComputedTokens = 0;
        sequence.Restore = null;
        sequence.Status = SequenceStatus.Preempted;
        NumPreempted++;
        _waiting.Add(sequence);
    }

    private void Finish(Sequence sequence, FinishReason reason)
    {
        if (sequence.Status == SequenceStatus.Running)
        {
            GiveBackCells(sequence);
            _running.Remove(sequence);
        }
        else
        {
            _waiting.Remove(sequence);
            NumPreempted -= sequence.Status == SequenceStatus.Preempted ? 1 : 0;
        }

        sequence.Status = SequenceStatus.Finished;
        sequence.FinishReason = reason;
        Finished.Add(sequence);
    }

    private void GiveBackCells(Sequence sequence)
    {
        if (sequence.Lease is { } lease)
        {
            GiveUpChunk(sequence);
            traffic?.Keep(sequence);
            Cache.Attach(lease, sequence.Tokens);
            Cache.Release(lease);
            sequence.Lease = null;
        }
    }
}
