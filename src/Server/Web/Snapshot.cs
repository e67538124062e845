using System.Collections.Immutable;
using System.Text.Json.Serialization;
using InferenceServer.Inference.Cache;

namespace InferenceServer.Server.Web;

/// <summary>What the page shows of the machine, as of one moment. Numbers and names of things; never text of a request.</summary>
internal sealed record Snapshot
{
    /// <summary>Milliseconds since 1970.</summary>
    public required long At { get; init; }

    /// <summary>The engine's: <c>loading</c>, <c>ready</c>, <c>failed</c>, <c>stopping</c>.</summary>
    public required string State { get; init; }

    /// <summary>Why the engine has failed; null if it has not.</summary>
    public required string? Failure { get; init; }

    /// <summary>Tokens generated a second since the last snapshot; null in the first.</summary>
    public required double? TokensPerSecond { get; init; }

    /// <summary>Prompt tokens computed a second since the last snapshot; null in the first.</summary>
    public required double? PrefillPerSecond { get; init; }

    /// <summary>Sequences that compute.</summary>
    public required int Running { get; init; }

    /// <summary>Sequences that wait.</summary>
    public required int Waiting { get; init; }

    /// <summary>Sequences that may compute at once.</summary>
    public required int Parallel { get; init; }

    /// <summary>99th percentile of the pauses of streams in the last seconds, in milliseconds; null if there was none.</summary>
    public required double? GapP99Ms { get; init; }

    /// <summary>Who holds the KV memory; null while the model loads.</summary>
    public required KvSnapshot? Kv { get; init; }

    /// <summary>Watts by channel.</summary>
    public required IReadOnlyList<Reading> Watts { get; init; }

    /// <summary>Joules per generated token by what they cover; never to be added.</summary>
    public required IReadOnlyList<Reading> JoulesPerToken { get; init; }

    /// <summary>True while the model is read from the disk although it should be in memory; null if unknown.</summary>
    public required bool? IsPaged { get; init; }

    /// <summary>Bytes by what they are.</summary>
    public required IReadOnlyList<Reading> Memory { get; init; }

    /// <summary>Memory bandwidth used by steps that only decode, as a share of the nominal.</summary>
    public required Reading Mbu { get; init; }

    /// <summary>Tokens a second of those steps; null while there are none.</summary>
    public required double? DecodeRate { get; init; }

    /// <summary>What memory bandwidth allows them at most: a ceiling, not a measurement; null if unknown.</summary>
    public required double? DecodeCeiling { get; init; }
}

/// <summary>The KV memory. What is in no span is free.</summary>
/// <param name="Cells">All there are.</param>
/// <param name="Used">Those that running sequences hold.</param>
/// <param name="Cached">Those of prefixes that nobody runs on.</param>
/// <param name="Spans">By sequence and prefix.</param>
internal sealed record KvSnapshot(int Cells, int Used, int Cached, ImmutableArray<KvSpan> Spans);

/// <summary>A quantity that may be unknown.</summary>
/// <param name="Name">Of what.</param>
/// <param name="Value">Null: not available. That is not 0.</param>
/// <param name="Reason">Why there is no value, in a word; null if there is one.</param>
internal sealed record Reading(string Name, double? Value, string? Reason);

/// <summary>How snapshots are written.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(Snapshot))]
internal sealed partial class SnapshotJson : JsonSerializerContext;
