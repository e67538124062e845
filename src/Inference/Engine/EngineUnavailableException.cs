namespace InferenceServer.Inference.Engine;

/// <summary>The engine is not <see cref="EngineState.Ready"/>; <see cref="State"/> says what it was.</summary>
public sealed class EngineUnavailableException(EngineState state)
    : Exception($"The engine is not ready: {state}.")
{
    /// <summary>The state that refused the call.</summary>
    public EngineState State { get; } = state;
}
