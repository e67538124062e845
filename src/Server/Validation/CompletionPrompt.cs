namespace InferenceServer.Server.Validation;

/// <summary>One prompt of a completion request: a text or tokens.</summary>
/// <param name="Text">The text, possibly empty; null if the prompt came as tokens.</param>
/// <param name="Tokens">At least one token, each within the vocabulary; empty if the prompt came as text.</param>
internal readonly record struct CompletionPrompt(string? Text, int[] Tokens);
