using System.Collections.Immutable;
using System.Text.Json;
using InferenceServer.Inference.Cache;
using InferenceServer.Inference.Engine;
using InferenceServer.Server.Hosting;

namespace InferenceServer.Server.Web;

/// <summary>Makes snapshots from the engine's counts and the instruments. One thread at a time.</summary>
/// <param name="engine">Its state and its KV memory.</param>
/// <param name="totals">Its counts, over restarts.</param>
/// <param name="meters">Power, energy, memory, bandwidth.</param>
/// <param name="gaps">The pauses of streams.</param>
/// <param name="settings">How many sequences may run.</param>
/// <param name="clock">For rates.</param>
internal sealed class SnapshotReader(
    IInferenceEngine engine, EngineInstruments totals, MeterReader meters, GapWindow gaps, Settings settings, TimeProvider clock)
{
    // Most steps are shorter; a map that comes later is shown a second later.
    private static readonly TimeSpan MapPatience = TimeSpan.FromMilliseconds(200);

    // Instrument, label, its value, and what people call it.
    private static readonly (string Name, string? Key, string? Label, string Title)[] MemoryRows =
    [
        ("inference.memory.usage", "component", "weights", "Weights"),
        ("inference.model.resident", null, null, "Model file in memory"),
        ("inference.memory.usage", "component", "kv_cache", "KV cache"),
        ("inference.memory.usage", "component", "compute", "Compute buffers"),
        ("process.resident_memory", null, null, "This process"),
        ("inference.memory.usage", "component", "other_processes", "Other processes"),
        ("system.paging.usage", "system.paging.state", "used", "Swap used"),
        ("system.memory.limit", null, null, "Machine"),
    ];

    private EngineStats? _last;
    private long _lastAt;
    private (double? Tokens, double? Prefill) _rates;
    private Task<ImmutableArray<KvSpan>>? _asked;
    private ImmutableArray<KvSpan> _map = [];

    /// <summary>Looks at the counts, so that the next snapshot's rates are those of the last second.</summary>
    public EngineStats Count()
    {
        var (stats, now) = (totals.Update(), clock.GetTimestamp());
        var seconds = clock.GetElapsedTime(_lastAt, now).TotalSeconds;
        _rates = _last is { } last && seconds > 0
            ? (Math.Max(0, stats.NumOutputTokens - last.NumOutputTokens) / seconds, Math.Max(0, stats.NumPrefillTokens - last.NumPrefillTokens) / seconds)
            : (null, null);
        (_last, _lastAt) = (stats, now);
        return stats;
    }

    /// <summary>A snapshot, after <see cref="Count"/>.</summary>
    /// <param name="stats">What it returned.</param>
    public async Task<Snapshot> ReadAsync(EngineStats stats)
    {
        await ReadMapAsync();
        var values = meters.Read();
        return new Snapshot
        {
            At = clock.GetUtcNow().ToUnixTimeMilliseconds(),
            State = JsonNamingPolicy.SnakeCaseLower.ConvertName(engine.State.ToString()),
            Failure = engine.Failure,
            TokensPerSecond = _rates.Tokens,
            PrefillPerSecond = _rates.Prefill,
            Running = stats.NumRunning,
            Waiting = stats.NumWaiting + stats.NumQueued,
            Parallel = settings.Inference.Parallel,
            GapP99Ms = gaps.Percentile99() * 1000,
            Kv = stats.NumCells == 0 ? null : new KvSnapshot(stats.NumCells, stats.NumUsedCells, stats.NumCachedCells, _map),
            Watts = ReadWatts(values),
            JoulesPerToken = ReadJoules(values),
            IsPaged = values.Find("inference.model.paged") switch
            {
                null => null,
                var paged => paged != 0,
            },
            Memory = [.. MemoryRows.Select(row => Known(row.Title, values.Find(row.Name, row.Key, row.Label), null))],
            Mbu = Known("MBU", values.Find("inference.mbu"), ReasonOf(values["inference.mbu.available"] is [var mbu, ..] ? mbu : null) ?? "no_decoding"),
            DecodeRate = values.Find("inference.decode.rate"),
            DecodeCeiling = values.Find("inference.decode.rate.ceiling"),
        };
    }

    private static IReadOnlyList<Reading> ReadWatts(MeterValues values)
    {
        var parts = values["hw.power"];
        var known = values["hw.host.power"].Select(value => new Reading($"Whole machine ({value["hw.name"]})", value.Value, null))
            .Concat(parts.Select(value => new Reading(NameOf(value, parts), value.Value, null)));
        var missing = values["inference.power.channel.available"]
            .Where(value => value is { Value: 0 } && value["quantity"] is "power" or "energy" && !parts.Any(part => part["hw.id"] == value["hw.id"]))
            .Select(value => new Reading(value["hw.id"] ?? "", null, value["reason"]));
        var absent = values["inference.power.provider.available"]
            .Where(value => value.Value == 0)
            .Select(value => new Reading(value["provider"] ?? "", null, value["reason"]));
        return [.. known, .. missing, .. absent];
    }

    // Two cards of a kind have one name.
    private static string NameOf(MeterValue value, IReadOnlyList<MeterValue> all) =>
        all.Count(other => other["hw.name"] == value["hw.name"]) > 1 ? $"{value["hw.name"]} ({value["hw.id"]})" : value["hw.name"] ?? value["hw.id"] ?? "";

    private static IReadOnlyList<Reading> ReadJoules(MeterValues values) =>
    [
        .. values["inference.energy.available"].Select(value => Known(
            value["source"] switch
            {
                "gpu" => "GPU",
                "cpu" => "Processor",
                "system" => "Whole machine",
                var other => other ?? "",
            },
            values.Find("inference.energy.per_token", "source", value["source"]),
            ReasonOf(value) ?? "no_tokens")),
    ];

    // An instrument that says "available" has no reason to give: what is missing then is work.
    private static string? ReasonOf(MeterValue? availability) => availability switch
    {
        null => "not_measured",
        { Value: 0 } => availability["reason"],
        _ => null,
    };

    private static Reading Known(string name, double? value, string? reason) => new(name, value, value is null ? reason ?? "not_measured" : null);

    private async Task ReadMapAsync()
    {
        _asked ??= engine.MapCacheAsync().AsTask();
        await Task.WhenAny(_asked, Task.Delay(MapPatience, clock));
        if (_asked.IsCompleted)
        {
            _map = await _asked;
            _asked = null;
        }
    }
}
