using System.Collections.Immutable;
using InferenceServer.Inference.Sampling;

namespace InferenceServer.Server.Validation;

/// <summary>Sampling values of a request; null where the client left the choice to the server.</summary>
internal sealed record RequestedSampling
{
    public float? Temperature { get; init; }

    public float? TopP { get; init; }

    /// <summary>0 is off.</summary>
    public int? TopK { get; init; }

    public float? MinP { get; init; }

    public float? RepeatPenalty { get; init; }

    /// <summary>0 is off, -1 all.</summary>
    public int? RepeatLastN { get; init; }

    public float? PresencePenalty { get; init; }

    public float? FrequencyPenalty { get; init; }

    /// <summary>Each token at most once, each within the vocabulary.</summary>
    public ImmutableArray<LogitBias> LogitBias { get; init; } = [];

    public long? Seed { get; init; }
}
