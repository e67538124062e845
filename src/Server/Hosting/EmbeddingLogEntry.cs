namespace InferenceServer.Server.Hosting;

/// <summary>What a request for vectors or scores adds to its line in the log. Never text.</summary>
/// <param name="NumTokens">Tokens that were computed.</param>
internal sealed record EmbeddingLogEntry(int NumTokens);
