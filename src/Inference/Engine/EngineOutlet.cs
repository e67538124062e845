namespace InferenceServer.Inference.Engine;

/// <summary>Takes an event of a request instead of its stream. Engine thread.</summary>
internal delegate void EventSink(long requestId, in GenerationEvent item);

/// <summary>Where events go if the readers of the streams are in another process. Called by the engine thread.</summary>
/// <param name="Write">Takes every event.</param>
/// <param name="Flush">What was written may go now; true: the engine falls idle.</param>
/// <param name="Ended">The engine thread ends, with its state set. What was written and not flushed is nobody's answer.</param>
internal sealed record EngineOutlet(EventSink Write, Action<bool> Flush, Action Ended);
