using InferenceServer.Inference.Cache;
using InferenceServer.Inference.Cache.Disk;
using InferenceServer.Inference.Scheduling;

namespace InferenceServer.Bench.Simulation;

/// <summary>The real books of memory and disk on a clock of ours: copies lengthen steps, reading goes on beside them.</summary>
internal sealed class VirtualTiers
{
    private readonly TierCosts _costs;
    private readonly DiskBooks? _disk;
    private readonly PrefixStore _store;
    private readonly Queue<(double At, DiskSpan Span)> _reads = new();
    private double _diskFreeAt;

    public VirtualTiers(TierCosts costs, SchedulerLimits limits, StepCosts observed)
    {
        _costs = costs;
        _disk = costs.DiskTokens == 0 ? null : new DiskBooks(costs.DiskTokens * (long)TierCosts.TokenBytes);
        _store = new PrefixStore("simulation", costs.MemoryTokens * (long)TierCosts.TokenBytes);
        Traffic = new PrefixTraffic(_store, limits, _disk, observed);
    }

    /// <summary>For the scheduler.</summary>
    public PrefixTraffic Traffic { get; }

    /// <summary>When the next span will have been read; null if none is.</summary>
    public double? NextRead => _reads.TryPeek(out var read) ? read.At : null;

    /// <summary>Takes in what was read by now, and has done what the books want.</summary>
    public void Exchange(double now)
    {
        if (_disk is null)
        {
            return;
        }

        while (_reads.TryPeek(out var read) && read.At <= now)
        {
            _reads.Dequeue();
            if (_disk.Apply(new DiskReport(DiskReportKind.Read, read.Span, new byte[read.Span.Tokens.Length * TierCosts.TokenBytes])) is { } span)
            {
                _store.Index.Add(span, read.Span.Header.ConversationLength);
            }
        }

        foreach (var order in _disk.Orders.ToArray())
        {
            if (order.Kind == DiskOrderKind.Write)
            {
                _disk.Apply(new DiskReport(DiskReportKind.Written, order.Span));
            }
            else if (order.Kind == DiskOrderKind.Read)
            {
                _diskFreeAt = Math.Max(now, _diskFreeAt) + (order.Span!.Tokens.Length * _costs.ReadTokenMs);
                _reads.Enqueue((_diskFreeAt, order.Span));
            }
        }

        _disk.Orders.Clear();
    }

    /// <summary>Books what comes back with a step; returns how long that takes.</summary>
    public double Restore(ScheduledStep step, Scheduler scheduler)
    {
        var duration = 0.0;
        foreach (var restore in step.Restores)
        {
            var milliseconds = restore.Span.Tokens.Length * _costs.CopyTokenMs;
            scheduler.PostProcess(restore, isRestored: true, milliseconds);
            duration += milliseconds;
        }

        return duration;
    }

    /// <summary>Copies out what there is time for behind a step; returns how long that takes.</summary>
    public double Save(double? stepMs, KvCache cache)
    {
        var duration = 0.0;
        Traffic.BeginSaves(stepMs);
        while (Traffic.NextSave(cache) is { } copy)
        {
            var numTokens = copy.End - copy.Start;
            Traffic.CompleteSave(copy, new byte[numTokens * TierCosts.TokenBytes], numTokens * _costs.CopyTokenMs);
            duration += numTokens * _costs.CopyTokenMs;
        }

        return duration;
    }
}
