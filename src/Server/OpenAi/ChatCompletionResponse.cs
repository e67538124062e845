using System.Text.Json.Serialization;

namespace InferenceServer.Server.OpenAi;

/// <summary>Answer of <c>POST /v1/chat/completions</c> without <c>stream</c>.</summary>
internal sealed record ChatCompletionResponse
{
    /// <summary><c>chatcmpl-</c> and 24 letters or digits.</summary>
    public required string Id { get; init; }

    public string Object { get; init; } = "chat.completion";

    /// <summary>Seconds since 1970.</summary>
    public required long Created { get; init; }

    /// <summary>Id of the model that answered, whatever name the request used.</summary>
    public required string Model { get; init; }

    /// <summary>As many as the request's <c>n</c>, by index.</summary>
    public required IReadOnlyList<ChatChoice> Choices { get; init; }

    public required Usage Usage { get; init; }

    /// <summary>Scheduling class that the request ran in.</summary>
    public required string ServiceTier { get; init; }

    /// <summary>Changes when the model or a setting that touches its numbers changes.</summary>
    public required string SystemFingerprint { get; init; }

    /// <summary>An extension: where the time went.</summary>
    public required Timings Timings { get; init; }
}

/// <summary>One of the answers.</summary>
internal sealed record ChatChoice
{
    public required int Index { get; init; }

    public required ChatAnswer Message { get; init; }

    /// <summary>Null unless asked for.</summary>
    [JsonPropertyName("logprobs")]
    public ChatLogProbs? LogProbs { get; init; }

    /// <summary><c>stop</c>, <c>length</c>, or <c>tool_calls</c> (<c>function_call</c> in the old words) if the model ended by itself with calls.</summary>
    public required string FinishReason { get; init; }
}

/// <summary>The assistant's message.</summary>
internal sealed record ChatAnswer
{
    public string Role { get; init; } = "assistant";

    /// <summary>The text; null if the answer is calls alone.</summary>
    public required string? Content { get; init; }

    /// <summary>What the model thought before; absent if it did not.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ReasoningContent { get; init; }

    /// <summary>Always null: local models do not refuse in a field of their own.</summary>
    public string? Refusal { get; init; }

    /// <summary>Calls of the request's tools; absent if there are none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ChatAnswerCall>? ToolCalls { get; init; }

    /// <summary>The call, if the request named its tools <c>functions</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ChatAnswerFunction? FunctionCall { get; init; }

    public IReadOnlyList<string> Annotations { get; init; } = [];
}
