using System.Diagnostics.Metrics;
using InferenceServer.Inference.Cache.Disk;

namespace InferenceServer.Inference.Engine;

/// <summary>The instruments about prefixes, by tier: the cells, the host's memory, the disk. Any thread.</summary>
internal sealed class CacheInstruments
{
    private static readonly KeyValuePair<string, object?> Cells = new("tier", "cells");
    private static readonly KeyValuePair<string, object?> Memory = new("tier", "memory");
    private static readonly KeyValuePair<string, object?> Disk = new("tier", "disk");
    private static readonly SpanFault[] Faults = [.. Enum.GetValues<SpanFault>().Where(fault => fault != SpanFault.None)];

    private readonly Meter _meter;
    private readonly Func<EngineStats> _read;
    private readonly Func<EngineStats> _update;

    /// <param name="meter">The engine's.</param>
    /// <param name="read">Gauges as of now.</param>
    /// <param name="update">Totals over all engines since the program's start.</param>
    public CacheInstruments(Meter meter, Func<EngineStats> read, Func<EngineStats> update)
    {
        _meter = meter;
        _read = read;
        _update = update;
        CreateGauges();
        CreateCounters();
    }

    private void CreateGauges()
    {
        _meter.CreateObservableGauge("inference.cache.size", () => Both(_read(), stats => stats.NumStoredBytes, disk => disk.NumBytes), "By", "Prefixes kept in the host's memory and on disk.");
        _meter.CreateObservableGauge("inference.cache.tokens", () => Both(_read(), stats => stats.NumStoredTokens, disk => disk.NumTokens), "{token}", "Tokens whose KV they hold, of this model.");
        _meter.CreateObservableGauge("inference.cache.disk.budget", () => Where(_read().Disk, disk => disk.NumBytesLeft), "By", "What may still be written to disk of the day's budget.");
        _meter.CreateObservableGauge("inference.cache.disk.state", () => Enum.GetValues<DiskTierState>().Select(state => new Measurement<int>(_read().Disk.State == state ? 1 : 0, Name("state", state))), null, "1 for the state that the disk tier is in, 0 for the others.");
    }

    private void CreateCounters()
    {
        Count("inference.cache.hits", "{request}", "Requests that found a part of their prompt in a tier.", stats =>
            [new(stats.NumCellHits, Cells), .. Both(stats, s => s.NumMemoryHits, disk => disk.NumHits)]);
        Count("inference.cache.tokens.saved", "{token}", "Tokens whose KV was copied from the cells to memory, and from there to disk.", stats =>
            Both(stats, s => s.NumSavedTokens, disk => disk.NumWrittenTokens));
        Count("inference.cache.tokens.restored", "{token}", "Tokens whose KV was copied back instead of being computed.", stats =>
            Both(stats, s => s.NumRestoredTokens - s.Disk.NumRestoredTokens, disk => disk.NumRestoredTokens));
        Count("inference.cache.tokens.evicted", "{token}", "Tokens whose KV gave way to others.", stats =>
            [new(stats.NumEvictedCells, Cells), .. Both(stats, s => s.NumEvictedTokens, disk => disk.NumEvictedTokens)]);
        Count("inference.cache.disk.written", "By", "Bytes written to disk.", stats => Where(stats.Disk, disk => disk.NumWrittenBytes));
        Count("inference.cache.disk.read", "By", "Bytes read from disk and found sound.", stats => Where(stats.Disk, disk => disk.NumReadBytes));
        Count("inference.cache.disk.over_budget", "{span}", "Parts of prefixes that were worth writing when the day's budget was used up.", stats => Where(stats.Disk, disk => disk.NumOverBudget));
        Count("inference.cache.disk.dropped", "{file}", "Files on disk that were not used, by reason.", stats =>
            stats.Disk.NumDropped.Count == 0 ? [] : Faults.Select(fault => new Measurement<long>(stats.Disk.NumDropped[(int)fault], Name("reason", fault))));
        Time("inference.cache.save.time", "How long copying to memory and writing to disk took.", stats => Both(stats, s => s.SaveSeconds, disk => disk.WriteSeconds));
        Time("inference.cache.restore.time", "How long copying back to the cells and reading from disk took.", stats => Both(stats, s => s.RestoreSeconds, disk => disk.ReadSeconds));

        void Count(string name, string unit, string description, Func<EngineStats, IEnumerable<Measurement<long>>> measure) =>
            _meter.CreateObservableCounter(name, () => measure(_update()), unit, description);

        void Time(string name, string description, Func<EngineStats, IEnumerable<Measurement<double>>> measure) =>
            _meter.CreateObservableCounter(name, () => measure(_update()), "s", description);
    }

    private static KeyValuePair<string, object?> Name<T>(string key, T value)
        where T : struct, Enum => new(key, value.ToString().ToLowerInvariant());

    private static IEnumerable<Measurement<T>> Both<T>(EngineStats stats, Func<EngineStats, T> memory, Func<DiskStats, T> disk)
        where T : struct => [new(memory(stats), Memory), .. Where(stats.Disk, disk, Disk)];

    private static IEnumerable<Measurement<T>> Where<T>(DiskStats stats, Func<DiskStats, T> read, params KeyValuePair<string, object?>[] tags)
        where T : struct => stats.State == DiskTierState.None ? [] : [new Measurement<T>(read(stats), tags)];
}
