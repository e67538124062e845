using System.Text.Json;
using System.Text.Json.Serialization;

namespace InferenceServer.Server.Anthropic;

/// <summary>Answer of <c>POST /v1/messages</c> without <c>stream</c>, and what a stream's first event begins with.</summary>
internal sealed record MessagesResponse
{
    /// <summary><c>msg_</c> and 24 letters or digits.</summary>
    public required string Id { get; init; }

    public string Type { get; init; } = "message";

    public string Role { get; init; } = "assistant";

    /// <summary>Id of the model that answered, whatever name the request used.</summary>
    public required string Model { get; init; }

    /// <summary>The thought, the text and the calls, as far as there are any.</summary>
    public required IReadOnlyList<MessageBlock> Content { get; init; }

    /// <summary><c>end_turn</c>, <c>max_tokens</c>, <c>stop_sequence</c>, <c>tool_use</c> or <c>model_context_window_exceeded</c>; null in a stream's beginning.</summary>
    public required string? StopReason { get; init; }

    /// <summary>The stop text that ended the answer; null if none did.</summary>
    public required string? StopSequence { get; init; }

    public required MessagesUsage Usage { get; init; }
}

/// <summary>A part of an answer. Which fields it has is for its type to say.</summary>
internal sealed record MessageBlock
{
    /// <summary><c>thinking</c>, <c>text</c> or <c>tool_use</c>.</summary>
    public required string Type { get; init; }

    /// <summary>The text.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Text { get; init; }

    /// <summary>The thought.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Thinking { get; init; }

    /// <summary>Of a thought: empty, since nothing here could check one.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Signature { get; init; }

    /// <summary>Of a call: what its result refers to.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Id { get; init; }

    /// <summary>Of a call: the tool.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Name { get; init; }

    /// <summary>Of a call: its arguments; empty if the answer was cut off in them.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public JsonElement? Input { get; init; }
}

/// <summary>Tokens of one request. The prompt's are the sum of three of them.</summary>
internal sealed record MessagesUsage
{
    /// <summary>Tokens of the prompt that were computed.</summary>
    public required int InputTokens { get; init; }

    /// <summary>Always 0: leaving a prefix behind costs nothing.</summary>
    public int CacheCreationInputTokens { get; init; }

    /// <summary>Tokens of the prompt from the prefix cache; 0 in a stream's first event, when it is not known yet.</summary>
    public required int CacheReadInputTokens { get; init; }

    /// <summary>Tokens generated.</summary>
    public required int OutputTokens { get; init; }
}

/// <summary>An event of a stream; which fields it has is for its type to say.</summary>
internal sealed record MessageStreamEvent
{
    /// <summary>
    /// <c>message_start</c>, <c>content_block_start</c>, <c>content_block_delta</c>, <c>content_block_stop</c>, <c>message_delta</c>,
    /// <c>message_stop</c>, <c>ping</c> or <c>error</c>; also the event's name.
    /// </summary>
    public required string Type { get; init; }

    /// <summary>The answer's beginning.</summary>
    public MessagesResponse? Message { get; init; }

    /// <summary>Which block, from 0.</summary>
    public int? Index { get; init; }

    /// <summary>A block's beginning.</summary>
    public MessageBlock? ContentBlock { get; init; }

    /// <summary>What is new in a block, or how the answer ended.</summary>
    public JsonElement? Delta { get; init; }

    /// <summary>Of the whole request.</summary>
    public MessagesUsage? Usage { get; init; }

    /// <summary>What went wrong.</summary>
    public MessagesErrorDetail? Error { get; init; }
}

/// <summary>Answer of <c>POST /v1/messages/count_tokens</c>.</summary>
/// <param name="InputTokens">Tokens that the request's prompt would have.</param>
internal sealed record MessageTokenCount(int InputTokens);

/// <summary>Answer of <c>GET /api/hello</c>, by which agents see whether anybody is there.</summary>
internal sealed record MessagesGreeting(string Message);
