using System.Collections.Immutable;
using InferenceServer.Inference.Engine;

namespace InferenceServer.Server.Validation;

/// <summary>An embedding request in which only lengths in tokens need to be checked still.</summary>
internal sealed record ValidEmbeddingRequest
{
    /// <summary>The name the client gave; null if none.</summary>
    public string? Model { get; init; }

    /// <summary>At least one.</summary>
    public required ImmutableArray<EmbedInput> Inputs { get; init; }

    /// <summary>True: <c>input</c> was a list, and errors name a place in it.</summary>
    public required bool IsList { get; init; }

    /// <summary>Answer in base64.</summary>
    public bool IsBase64 { get; init; }

    /// <summary>Numbers to keep of an embedding; null for all.</summary>
    public int? Dimensions { get; init; }
}
