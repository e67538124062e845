namespace InferenceServer.Bench.Load;

/// <summary>A workload as data: stages in turn, each of clients that act at the same time.</summary>
/// <param name="Name">What the command line calls it.</param>
/// <param name="Description">What it shows, in one line.</param>
/// <param name="Stages">One after the other: a stage begins when every client of the one before has ended.</param>
internal sealed record Scenario(string Name, string Description, IReadOnlyList<IReadOnlyList<ScenarioClient>> Stages);

/// <summary>One client of a scenario: a conversation of one or more turns, each sent when the answer to the one before has ended.</summary>
internal sealed record ScenarioClient
{
    /// <summary>Row of the table that its calls are counted in.</summary>
    public required string Group { get; init; }

    /// <summary>First message; null for none.</summary>
    public string? System { get; init; }

    /// <summary>The user's messages.</summary>
    public required IReadOnlyList<string> Turns { get; init; }

    /// <summary>Tokens of each answer.</summary>
    public required int MaxTokens { get; init; }

    /// <summary>When it begins.</summary>
    public ScenarioStart Start { get; init; } = ScenarioStart.WithStage;

    /// <summary>Hangs up after this share of the time to first token that a group of an earlier stage had; null never does.</summary>
    public ScenarioAbort? Abort { get; init; }
}

/// <summary>When a client begins: a while after its stage, or after something in another group of the stage.</summary>
/// <param name="AfterGroup">The group; null for the stage itself.</param>
/// <param name="NumPortions">Portions of text that the group must have received together; 0 waits until its clients have ended.</param>
/// <param name="Delay">To wait after that.</param>
internal readonly record struct ScenarioStart(string? AfterGroup, int NumPortions, TimeSpan Delay)
{
    /// <summary>At once.</summary>
    public static ScenarioStart WithStage => default;

    /// <summary>A while after the stage.</summary>
    public static ScenarioStart After(TimeSpan delay) => new(null, 0, delay);

    /// <summary>Once a group streams.</summary>
    public static ScenarioStart OnceStreaming(string group, int numPortions) => new(group, numPortions, TimeSpan.Zero);

    /// <summary>Once a group has ended.</summary>
    public static ScenarioStart OnceEnded(string group) => new(group, 0, TimeSpan.Zero);
}

/// <summary>When a client hangs up.</summary>
/// <param name="MeasuredGroup">Group of an earlier stage with calls of the same size.</param>
/// <param name="Share">Of that group's time to first token.</param>
internal readonly record struct ScenarioAbort(string MeasuredGroup, double Share);
