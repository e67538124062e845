using System.Collections.Immutable;

namespace InferenceServer.Inference.Engine;

/// <summary>Texts to turn into vectors. Immutable.</summary>
public sealed record EmbedRequest
{
    /// <summary>At least one.</summary>
    public required ImmutableArray<EmbedInput> Inputs { get; init; }
}
