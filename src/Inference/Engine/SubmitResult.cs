namespace InferenceServer.Inference.Engine;

/// <summary>Outcome of <see cref="IInferenceEngine.Submit"/>.</summary>
/// <param name="Status">What happened.</param>
/// <param name="Stream">The events to come; null unless <see cref="SubmitStatus.Accepted"/>.</param>
public readonly record struct SubmitResult(SubmitStatus Status, GenerationStream? Stream);

/// <summary>Whether the engine took a request.</summary>
public enum SubmitStatus
{
    /// <summary>Taken; it will finish.</summary>
    Accepted,

    /// <summary>As many requests wait as may wait; try later.</summary>
    QueueFull,

    /// <summary>A request like it ended the engine several times: it is not tried again for a while.</summary>
    Refused,

    /// <summary>The engine is loading, stopping, recovering or has failed.</summary>
    Unavailable,
}
