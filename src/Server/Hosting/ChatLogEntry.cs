namespace InferenceServer.Server.Hosting;

/// <summary>What a request for text adds to its line in the log. Never text: prompts and answers are nobody's business but the client's.</summary>
/// <param name="Id">Id of the answer.</param>
/// <param name="NumPromptTokens">Tokens of the prompt.</param>
/// <param name="NumCachedTokens">Of those, tokens from the prefix cache.</param>
/// <param name="NumOutputTokens">Tokens generated, over all choices.</param>
/// <param name="FinishReason">How the first choice ended.</param>
/// <param name="QueueMs">How long its first choice waited for a place; null if it got none.</param>
/// <param name="FirstTokenMs">From arrival until the first token was handed over; null if there was none.</param>
/// <param name="TokensPerSecond">Of the first choice, after its first token; null if there were not two.</param>
internal sealed record ChatLogEntry(
    string Id,
    int NumPromptTokens,
    int NumCachedTokens,
    int NumOutputTokens,
    string FinishReason,
    long? QueueMs,
    long? FirstTokenMs,
    double? TokensPerSecond);
