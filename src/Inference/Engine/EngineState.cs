namespace InferenceServer.Inference.Engine;

/// <summary>Life of the engine, in order.</summary>
public enum EngineState
{
    /// <summary>The model is being checked or read; nothing can be encoded or submitted yet.</summary>
    Loading,

    /// <summary>Requests are taken.</summary>
    Ready,

    /// <summary>The model could not be loaded or the device failed for good; see <see cref="IInferenceEngine.Failure"/>.</summary>
    Failed,

    /// <summary>
    /// The engine's process ended again and again without progress. It is tried again, with long pauses; nothing new is taken meanwhile, and what was taken
    /// waits. See <see cref="IInferenceEngine.Failure"/>.
    /// </summary>
    Recovering,

    /// <summary>Shutting down: nothing new is taken, what runs is aborted.</summary>
    Stopping,
}
