namespace InferenceServer.Server.OpenAi;

/// <summary>
/// Where the time of a request went, in the words of llama.cpp's server, whose front ends show it. Measured where events
/// are read, so a client that reads slowly lengthens its own numbers. Times are milliseconds from the moment the request
/// left the queue; rates are 0 when nothing was measured.
/// </summary>
internal sealed record Timings
{
    /// <summary>Prompt tokens from the prefix cache.</summary>
    public required int CacheN { get; init; }

    /// <summary>Prompt tokens computed.</summary>
    public required int PromptN { get; init; }

    /// <summary>Until the first token.</summary>
    public required double PromptMs { get; init; }

    public required double PromptPerTokenMs { get; init; }

    public required double PromptPerSecond { get; init; }

    /// <summary>Tokens generated, over all choices.</summary>
    public required int PredictedN { get; init; }

    /// <summary>From the first token to the last.</summary>
    public required double PredictedMs { get; init; }

    public required double PredictedPerTokenMs { get; init; }

    public required double PredictedPerSecond { get; init; }

    /// <summary>Joules, from what was published while the request ran; null if nothing was.</summary>
    public required EnergyTimings? Energy { get; init; }
}
