namespace InferenceServer.Inference.Engine;

/// <summary>Outcome of one step on the device.</summary>
public enum RunStatus
{
    /// <summary>Every row was computed; logits can be read.</summary>
    Ok,

    /// <summary>No cells for the step's tokens: nothing was computed.</summary>
    NoCells,

    /// <summary>The device failed; what the KV memory holds is unknown until it is made anew.</summary>
    Failed,

    /// <summary>The slice's time is over and its chunk not done: the next slice goes on.</summary>
    Paused,
}
