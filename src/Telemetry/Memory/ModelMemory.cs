namespace InferenceServer.Telemetry.Memory;

/// <summary>What the engine says its model takes, wherever that lies. Bytes; null is not known.</summary>
/// <param name="Weights">Tensors of the model.</param>
/// <param name="KvCache">All cells, used or not.</param>
/// <param name="Compute">Buffers for the results within a step, and the context for prompts in slices.</param>
public readonly record struct ModelMemory(long? Weights, long? KvCache, long? Compute);
