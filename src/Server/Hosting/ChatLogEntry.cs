namespace InferenceServer.Server.Hosting;

/// <summary>What a chat request adds to its line in the log. Never text: prompts and answers are nobody's business but the client's.</summary>
/// <param name="Id">Id of the answer.</param>
/// <param name="NumPromptTokens">Tokens of the prompt.</param>
/// <param name="NumCachedTokens">Of those, tokens from the prefix cache.</param>
/// <param name="NumOutputTokens">Tokens generated, over all choices.</param>
/// <param name="FinishReason">How the first choice ended.</param>
internal sealed record ChatLogEntry(string Id, int NumPromptTokens, int NumCachedTokens, int NumOutputTokens, string FinishReason);
