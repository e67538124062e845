namespace InferenceServer.Inference.Engine;

/// <summary>An engine that whoever hosts it starts and ends: in this process, or in one of its own.</summary>
public interface IHostedEngine : IInferenceEngine, IAsyncDisposable
{
    /// <summary>
    /// Starts loading. The task ends when the engine is ready or has failed (see <see cref="IInferenceEngine.State"/>); it never throws.
    /// <paramref name="progress"/> is told the share loaded, 0 to 1, on a thread of the engine's. Call once.
    /// </summary>
    Task StartAsync(Action<float>? progress);
}
