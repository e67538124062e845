using System.Text.Json.Serialization;
using InferenceServer.Server.OpenAi;

namespace InferenceServer.Server.Responses;

/// <summary>One part of what the model answered.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(ReasoningItem), "reasoning")]
[JsonDerivedType(typeof(MessageItem), "message")]
[JsonDerivedType(typeof(FunctionCallItem), "function_call")]
[JsonDerivedType(typeof(CustomCallItem), "custom_tool_call")]
internal abstract record ResponseItem
{
    /// <summary>A word for its kind, and 24 letters or digits.</summary>
    [JsonPropertyOrder(-2)]
    public required string Id { get; init; }

    /// <summary><c>in_progress</c>, <c>completed</c> or <c>incomplete</c>.</summary>
    [JsonPropertyOrder(-1)]
    public required string Status { get; init; }
}

/// <summary>What the model thought.</summary>
internal sealed record ReasoningItem : ResponseItem
{
    /// <summary>Always empty: nobody sums thoughts up here.</summary>
    public IReadOnlyList<string> Summary { get; init; } = [];

    /// <summary>One text, none before the item has ended.</summary>
    public required IReadOnlyList<ReasoningText> Content { get; init; }

    /// <summary>Only if <c>include</c> asks for it: the thought in a form that clients without a store send back. Encoded, not encrypted.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? EncryptedContent { get; init; }
}

/// <summary>The text of a thought.</summary>
internal sealed record ReasoningText(string Text)
{
    [JsonPropertyOrder(-1)]
    public string Type { get; init; } = "reasoning_text";
}

/// <summary>Text of the answer.</summary>
internal sealed record MessageItem : ResponseItem
{
    public string Role { get; init; } = "assistant";

    /// <summary>One text, none before the item has ended.</summary>
    public required IReadOnlyList<OutputText> Content { get; init; }
}

/// <summary>A text of a message.</summary>
internal sealed record OutputText(string Text)
{
    [JsonPropertyOrder(-1)]
    public string Type { get; init; } = "output_text";

    /// <summary>Always empty.</summary>
    public IReadOnlyList<string> Annotations { get; init; } = [];

    /// <summary>Of its tokens, in order; empty unless asked for.</summary>
    [JsonPropertyName("logprobs")]
    public IReadOnlyList<ChatTokenLogProb> LogProbs { get; init; } = [];
}

/// <summary>A call of a function.</summary>
internal sealed record FunctionCallItem : ResponseItem
{
    /// <summary>What the call's output refers to.</summary>
    public required string CallId { get; init; }

    /// <summary>The tool's namespace in the request; absent if it has none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Namespace { get; init; }

    public required string Name { get; init; }

    /// <summary>JSON as the model wrote it; cut off if the answer was.</summary>
    public required string Arguments { get; init; }
}

/// <summary>A call of a tool that takes a text.</summary>
internal sealed record CustomCallItem : ResponseItem
{
    /// <summary>What the call's output refers to.</summary>
    public required string CallId { get; init; }

    public required string Name { get; init; }

    /// <summary>The text.</summary>
    public required string Input { get; init; }
}
