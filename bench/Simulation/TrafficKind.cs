namespace InferenceServer.Bench.Simulation;

/// <summary>The three kinds of client that share one machine.</summary>
internal enum TrafficKind
{
    /// <summary>Long growing conversations with a common system prompt and tool rounds.</summary>
    Agent,

    /// <summary>Prompts of 6,000 to 10,000 tokens with short answers.</summary>
    Document,

    /// <summary>100 to 200 tokens in, 40 out, and somebody waits for the answer.</summary>
    Voice,
}
