using System.Collections.Immutable;

namespace InferenceServer.Inference.Chat;

/// <summary>One message of a conversation, as the request gave it, before any template's wishes.</summary>
public sealed record ChatMessage
{
    /// <summary><c>system</c>, <c>developer</c>, <c>user</c>, <c>assistant</c>, <c>tool</c>, or what the client wrote.</summary>
    public required string Role { get; init; }

    /// <summary>Text content; null when the message has none or came in <see cref="Parts"/>.</summary>
    public string? Content { get; init; }

    /// <summary>Text parts in order when the content was an array; default otherwise.</summary>
    public ImmutableArray<string> Parts { get; init; }

    /// <summary>Name of the speaker or tool; null if not given.</summary>
    public string? Name { get; init; }

    /// <summary>Reasoning that preceded an assistant's answer; null if not given.</summary>
    public string? Reasoning { get; init; }

    /// <summary>Calls that an assistant made; empty if none.</summary>
    public ImmutableArray<ChatToolCall> ToolCalls { get; init; } = [];

    /// <summary>The call that a tool message answers; null if not given.</summary>
    public string? ToolCallId { get; init; }
}
