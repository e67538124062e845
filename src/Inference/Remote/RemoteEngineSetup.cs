namespace InferenceServer.Inference.Remote;

/// <summary>What a <see cref="RemoteEngine"/> runs, and how. Immutable.</summary>
public sealed record RemoteEngineSetup
{
    /// <summary>Validated.</summary>
    public required InferenceOptions Inference { get; init; }

    /// <summary>Validated.</summary>
    public required CacheOptions Cache { get; init; }

    /// <summary>Validated.</summary>
    public required EngineOptions Engine { get; init; }

    /// <summary>The GGUF file, checked; its first shard.</summary>
    public required string ModelPath { get; init; }

    /// <summary>Bytes of the model's files: a step may have to read them all, when they were pushed out of memory.</summary>
    public long ModelBytes { get; init; }

    /// <summary>The embedding model's file, checked; null if there is none.</summary>
    public string? EmbeddingModelPath { get; init; }

    /// <summary>The program that calls <see cref="EngineServer.Run"/> with two more words: a socket's path and this process's id.</summary>
    public required IReadOnlyList<string> Command { get; init; }
}
