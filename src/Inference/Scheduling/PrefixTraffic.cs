using InferenceServer.Inference.Cache;
using InferenceServer.Inference.Cache.Disk;

namespace InferenceServer.Inference.Scheduling;

/// <summary>
/// Decides what moves between the cells and the store: what a request finds there comes back before its first step, what it leaves behind is copied out after its last.
/// The engine moves it and tells how long it took. What is on disk comes back by way of the store; who waits for it to be read holds nobody up. Engine thread only.
/// </summary>
/// <param name="store">The host's memory.</param>
/// <param name="limits">For the latency target.</param>
/// <param name="disk">The disk; null for none.</param>
/// <param name="costs">Tells what is worth writing there; null only without a disk.</param>
internal sealed class PrefixTraffic(PrefixStore store, SchedulerLimits limits, DiskBooks? disk = null, StepCosts? costs = null)
{
    // Of the latency target: the step that follows takes its time as well.
    private const double ShareOfTarget = 0.5;

    // Of a step, and milliseconds: what copying out may lengthen a step by, unless a single span takes longer.
    private const double ShareOfStep = 0.1;
    private const double MaxSaveMs = 5;

    private readonly PrefixSaver _saver = new(store, disk, (start, count) => costs!.Predict(default(StepWork).WithPrefill(start, count)));
    private readonly CopyPace _restores = new();
    private readonly CopyPace _saves = new();
    private readonly Func<PrefixNode, bool> _isSaved = store.Holds;
    private int _saveRoom;
    private int _numIdleKept;

    /// <summary>The prefixes outside the cells.</summary>
    public PrefixStore Store => store;

    /// <summary>Tokens that were copied out since start.</summary>
    public long NumSavedTokens { get; private set; }

    /// <summary>Tokens that came back since start, from memory and from disk.</summary>
    public long NumRestoredTokens { get; private set; }

    /// <summary>Of them, those that were on disk when they were asked for.</summary>
    public long NumDiskTokens { get; private set; }

    /// <summary>Requests that found something in memory since start.</summary>
    public long NumMemoryHits { get; private set; }

    /// <summary>Requests that found something on disk since start.</summary>
    public long NumDiskHits { get; private set; }

    /// <summary>Milliseconds that they took.</summary>
    public double RestoreMilliseconds { get; private set; }

    /// <summary>Milliseconds that copies to the store took.</summary>
    public double SaveMilliseconds { get; private set; }

    /// <summary>True if there may be something to copy out.</summary>
    public bool HasSaves => _saver.HasWork;

    /// <summary>True if in the step just scheduled somebody waits for what is being read.</summary>
    public bool IsReading { get; private set; }

    /// <summary>A sequence got its cells: looks for what continues them.</summary>
    public void Plan(Sequence sequence)
    {
        if (!sequence.ReusePrefix)
        {
            return;
        }

        var plan = store.Find(sequence.Tokens, sequence.NumComputedTokens, sequence.FirstWantedLogits, sequence.Salt, disk?.Index);
        sequence.Restore = plan;
        if (plan is not null)
        {
            var numDisk = plan.CountDiskTokens(sequence.NumComputedTokens);
            NumDiskHits += numDisk > 0 ? 1 : 0;
            NumMemoryHits += plan.End - sequence.NumComputedTokens > numDisk ? 1 : 0;
        }
    }

    /// <summary>A sequence is about to give its cells back.</summary>
    public void Keep(Sequence sequence)
    {
        if (sequence.ReusePrefix)
        {
            _saver.Add(sequence.ComputedTokens, sequence.Salt, sequence.MayGoToDisk);
        }
    }

    /// <summary>
    /// Sequences run: the cells that nobody runs on go where they are looked at in every step (<see cref="SchedulerLimits.EvictsIdleCells"/>). What is not in the store, or about to be,
    /// stays all the same. While nothing runs they cost nothing, and who goes on with the last conversation finds it there.
    /// </summary>
    public void EvictIdle(KvCache cache)
    {
        // Asked for at every step: once it is known what stays, nothing changes until other cells are idle.
        if (limits.EvictsIdleCells && cache.NumCachedCells != _numIdleKept && !HasSaves)
        {
            cache.EvictAll(_isSaved);
            _numIdleKept = cache.NumCachedCells;
        }
    }

    /// <summary>Adds to a step what comes back with it, and takes the cells: at least a span, and no more than half the latency target has time for, or what a slice has left of it.</summary>
    /// <param name="running">Sequences with cells.</param>
    /// <param name="cache">The books.</param>
    /// <param name="step">The step.</param>
    /// <param name="spentMs">Milliseconds that streams have waited already when the step begins.</param>
    public void Schedule(IReadOnlyList<Sequence> running, KvCache cache, ScheduledStep step, double spentMs = 0)
    {
        IsReading = false;
        var targetMs = limits.GetTargetMs(decodeMs: 0);
        var room = Math.Max(1, _restores.TokensWithin(Math.Max(0, Math.Min(targetMs * ShareOfTarget, targetMs - spentMs))));
        for (var i = 0; i < running.Count && room > 0; i++)
        {
            var sequence = running[i];
            while (room > 0 && sequence.Restore is { } plan && plan.Next(disk) is { } span)
            {
                if (span.Status == SpanStatus.Loading)
                {
                    IsReading = true;
                    break;
                }

                if (span.Status == SpanStatus.Failed || !TryAdd(sequence, plan, span, cache, step))
                {
                    plan.Stop();
                    EndIfDone(sequence);
                    break;
                }

                room -= span.Tokens.Length;
            }
        }
    }

    /// <summary>Books a span that came back, or did not: then nothing more of its plan does, and the rest is computed. Call in the order of the step.</summary>
    /// <param name="restore">From the step.</param>
    /// <param name="isRestored">False: the cells are as before.</param>
    /// <param name="milliseconds">How long it took.</param>
    /// <param name="cache">The books.</param>
    public void PostProcess(in ScheduledRestore restore, bool isRestored, double milliseconds, KvCache cache)
    {
        var sequence = restore.Sequence;
        if (isRestored)
        {
            sequence.NumComputedTokens = restore.End;
            NumRestoredTokens += restore.NumTokens;
            NumDiskTokens += restore.IsFromDisk ? restore.NumTokens : 0;
            RestoreMilliseconds += milliseconds;
            _restores.Observe(restore.Span.Tokens.Length, milliseconds);
        }
        else
        {
            cache.Return(sequence.Lease!, restore.NumTokens);
            sequence.Restore!.Stop();
        }

        if (sequence.Lease!.NumTokens == sequence.NumComputedTokens)
        {
            cache.Attach(sequence.Lease, sequence.Tokens);
            EndIfDone(sequence);
        }
    }

    /// <summary>A step ended: so much may be copied out before the next.</summary>
    /// <param name="stepMs">How long it took, in milliseconds; null if there was none, because there is nothing to compute.</param>
    public void BeginSaves(double? stepMs) => _saveRoom = Math.Max(PrefixStore.SpanSize, _saves.TokensWithin(Math.Min(MaxSaveMs, (stepMs * ShareOfStep) ?? MaxSaveMs)));

    /// <summary>The next span to copy out now; null if there is none, or no time for a whole one more.</summary>
    public SpanCopy? NextSave(KvCache cache) => _saveRoom >= PrefixStore.SpanSize ? _saver.Next(cache) : null;

    /// <summary>What <see cref="NextSave"/> asked for was copied; <paramref name="state"/> is null if the library could not.</summary>
    public void CompleteSave(SpanCopy copy, byte[]? state, double milliseconds)
    {
        _saver.Complete(copy, state);
        _saves.Observe(copy.End - copy.Start, milliseconds);
        _saveRoom -= copy.End - copy.Start;
        SaveMilliseconds += milliseconds;
        NumSavedTokens += state is null ? 0 : copy.End - copy.Start;
    }

    private static bool TryAdd(Sequence sequence, RestorePlan plan, SavedSpan span, KvCache cache, ScheduledStep step)
    {
        // The library wants a cell for every token of the span; those that the sequence has already are free again right after.
        var lease = sequence.Lease!;
        var (start, end) = (lease.NumTokens, Math.Min(span.End, plan.End));
        if (!cache.TryTake(lease, span.Tokens.Length))
        {
            return false;
        }

        cache.Return(lease, span.Tokens.Length - (end - start));
        step.Restores.Add(new ScheduledRestore(sequence, span, start, end) { IsFromDisk = plan.IsNextFromDisk });
        plan.Advance();
        return true;
    }

    private static void EndIfDone(Sequence sequence)
    {
        if (sequence.Restore is { IsDone: true } && sequence.Lease!.NumTokens == sequence.NumComputedTokens)
        {
            sequence.Restore = null;
        }
    }
}
