namespace InferenceServer.Inference.Native;

/// <summary>How to load a model file.</summary>
internal sealed record ModelLoadSettings
{
    /// <summary>GGUF file, or the first of its shards.</summary>
    public required string Path { get; init; }

    /// <summary>Layers on the devices; null is all.</summary>
    public int? GpuLayers { get; init; }

    /// <summary>Devices for the layers; null lets the library take all GPUs, an empty list is the processor alone.</summary>
    public IReadOnlyList<ComputeDevice>? Devices { get; init; }

    /// <summary>True: the weights are pinned in memory.</summary>
    public bool MLock { get; init; }

    /// <summary>True: only the vocabulary is read, no weights; contexts cannot be made.</summary>
    public bool VocabularyOnly { get; init; }

    /// <summary>True: nothing is allocated; contexts only log what they would have, and cannot compute.</summary>
    public bool NoAlloc { get; init; }

    /// <summary>Text values of the file's header to replace; keys and values of at most 127 bytes.</summary>
    public IReadOnlyDictionary<string, string> HeaderOverrides { get; init; } = new Dictionary<string, string>();

    /// <summary>Told the share that is loaded, 0 to 1, on the loading thread, often; null if nobody cares.</summary>
    public Action<float>? Progress { get; init; }
}
