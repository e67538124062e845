namespace InferenceServer.Bench.Soak;

/// <summary>A kind of client: how many there are, and what each does again and again.</summary>
/// <param name="Name">Row of the table.</param>
/// <param name="Count">Clients side by side.</param>
/// <param name="Pause">Of each, between two requests, on average.</param>
/// <param name="ActAsync">One request from its begin to its end, given a source of chance of its own.</param>
internal sealed record ClientKind(string Name, int Count, TimeSpan Pause, Func<Random, Task<Outcome>> ActAsync)
{
    /// <summary>True if it asks for text: the server counts such answers by how they ended.</summary>
    public bool IsText { get; init; } = true;
}
