using System.Collections.Immutable;
using InferenceServer.Inference.Cache;

namespace InferenceServer.Inference.Engine;

/// <summary>A message to the engine thread: one of three.</summary>
/// <param name="Submitted">The generation to begin.</param>
/// <param name="AbortedId">The request to end; meaningless with one of the others.</param>
/// <param name="Map">Gets the map of the KV memory.</param>
internal readonly record struct EngineCommand(Generation? Submitted, long AbortedId, TaskCompletionSource<ImmutableArray<KvSpan>>? Map = null);
