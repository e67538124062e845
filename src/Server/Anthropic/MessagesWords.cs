using InferenceServer.Inference.Scheduling;
using InferenceServer.Server.Streaming;

namespace InferenceServer.Server.Anthropic;

/// <summary>Anthropic's words for ours.</summary>
internal static class MessagesWords
{
    private const string OurCallPrefix = "call_";

    /// <summary>The word for how an answer ended that ended well.</summary>
    /// <param name="choice">The answer.</param>
    /// <param name="maxTokens">What the client allowed; null for as many as fit.</param>
    public static string StopReasonOf(Choice choice, int? maxTokens) => choice switch
    {
        { MatchedStop: not null } => "stop_sequence",
        { Reason: FinishReason.Stop, NumCalls: > 0 } => "tool_use",
        { Reason: FinishReason.Stop } => "end_turn",
        { Reason: FinishReason.Length } => choice.NumTokens < maxTokens ? "model_context_window_exceeded" : "max_tokens",
        _ => throw new ArgumentOutOfRangeException(nameof(choice), choice.Reason, "has no word"),
    };

    /// <summary>A call's id: those that we made up get Anthropic's prefix, those of the model's own notation stay as they are.</summary>
    public static string IdOf(string callId) =>
        callId.StartsWith(OurCallPrefix, StringComparison.Ordinal) ? string.Concat("toolu_", callId.AsSpan(OurCallPrefix.Length)) : callId;

    /// <summary>Token counts: what came from the cache is told apart from the rest of the prompt.</summary>
    public static MessagesUsage UsageOf(Generation generation) => new()
    {
        InputTokens = generation.NumPromptTokens - generation.NumCachedTokens,
        CacheReadInputTokens = generation.NumCachedTokens,
        OutputTokens = generation.NumOutputTokens,
    };
}
