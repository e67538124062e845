namespace InferenceServer.Inference.Models.Planning;

/// <summary>The settings that a model's memory depends on.</summary>
public sealed record PlanSettings
{
    /// <summary>KV cells that all requests share.</summary>
    public required int Context { get; init; }

    /// <summary>Sequences that compute at the same time.</summary>
    public required int Parallel { get; init; }

    /// <summary>Type of K and V.</summary>
    public required KvCacheType KvCacheType { get; init; }

    /// <summary>Layers on the GPU, the output layer counted as one; null is all.</summary>
    public int? GpuLayers { get; init; }

    /// <summary>Tokens of a prompt that can be computed in slices, in cells of their own; 0 for none. No more than <see cref="Context"/> count.</summary>
    public int SlicedTokens { get; init; }

    /// <summary>True: where there is no memory for them, the server does without slices.</summary>
    public bool AreSlicesOptional { get; init; }

    /// <summary>What computes.</summary>
    public required DeviceFamily Family { get; init; }

    /// <summary>The settings in an operator's options.</summary>
    public static PlanSettings From(InferenceOptions options, DeviceFamily family) => new()
    {
        Context = options.Context,
        Parallel = options.Parallel,
        KvCacheType = options.KvCacheType,
        GpuLayers = options.GpuLayers,
        SlicedTokens = EngineContext.CountSlicedTokens(options),
        AreSlicesOptional = options.SlicedPrefillTokens is null,
        Family = family,
    };
}
