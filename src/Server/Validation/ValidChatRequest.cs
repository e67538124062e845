using InferenceServer.Inference.Chat;

namespace InferenceServer.Server.Validation;

/// <summary>A chat request in which nothing needs to be checked again. Wire-free: other dialects make the same.</summary>
internal sealed record ValidChatRequest : ValidRequest
{
    /// <summary>What the template is given.</summary>
    public required ChatPrompt Prompt { get; init; }

    /// <summary>The field to blame if the conversation is too long or the template refuses it.</summary>
    public string PromptField { get; init; } = "messages";

    /// <summary>What the answer may or must call.</summary>
    public ToolUse Tools { get; init; } = ToolUse.None;

    /// <summary>Tokens of thought at most; 0: the model is not to think; null for as many as it likes.</summary>
    public int? MaxThoughtTokens { get; init; }

    /// <summary>What becomes of its thoughts.</summary>
    public ThoughtDisplay ThoughtDisplay { get; init; }
}
