namespace InferenceServer.Bench.Simulation;

/// <summary>How much of each kind of traffic.</summary>
internal sealed record MixedTrafficSettings
{
    /// <summary>Of everything random.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Nothing new is sent after this many milliseconds.</summary>
    public double DurationMs { get; init; } = 4 * 3_600_000.0;

    /// <summary>Agents that work side by side.</summary>
    public int NumAgents { get; init; } = 3;

    /// <summary>Tokens of the system prompt, tools included, that all agents have in common.</summary>
    public int AgentSystemTokens { get; init; } = 3_000;

    /// <summary>An agent begins anew once its conversation is longer.</summary>
    public int AgentTaskTokens { get; init; } = 9_000;

    /// <summary>On average.</summary>
    public double SecondsBetweenDocuments { get; init; } = 480;

    /// <summary>On average.</summary>
    public double SecondsBetweenVoiceCommands { get; init; } = 45;
}
