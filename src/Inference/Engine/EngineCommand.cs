namespace InferenceServer.Inference.Engine;

/// <summary>A message to the engine thread.</summary>
/// <param name="Submitted">The generation to begin; null for an abort.</param>
/// <param name="AbortedId">The request to end; meaningless with <paramref name="Submitted"/>.</param>
internal readonly record struct EngineCommand(Generation? Submitted, long AbortedId);
