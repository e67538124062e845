using System.Text.Json.Serialization;

namespace InferenceServer.Server.OpenAi;

/// <summary>
/// One event of a chat stream. The server writes these by hand (see ChatChunkWriter), since which keys are absent and which
/// are null matters to clients; this type is the contract that the API description shows and that tests parse events with.
/// </summary>
internal sealed record ChatCompletionChunk
{
    /// <summary>The same in every chunk of a stream.</summary>
    public required string Id { get; init; }

    public required string Object { get; init; }

    /// <summary>Seconds since 1970; the same in every chunk of a stream.</summary>
    public required long Created { get; init; }

    public required string Model { get; init; }

    public required string SystemFingerprint { get; init; }

    public required string ServiceTier { get; init; }

    /// <summary>Exactly one choice; none in the usage chunk.</summary>
    public required IReadOnlyList<ChatChunkChoice> Choices { get; init; }

    /// <summary>Absent unless <c>stream_options.include_usage</c>; then null in all chunks but the last.</summary>
    public Usage? Usage { get; init; }

    /// <summary>Only in the last chunk.</summary>
    public Timings? Timings { get; init; }
}

/// <summary>What is new of one choice.</summary>
internal sealed record ChatChunkChoice
{
    public required int Index { get; init; }

    public required ChatDelta Delta { get; init; }

    /// <summary>Of the tokens whose text this chunk completes; null unless asked for.</summary>
    [JsonPropertyName("logprobs")]
    public required ChatLogProbs? LogProbs { get; init; }

    /// <summary>Null until the choice's last chunk.</summary>
    public required string? FinishReason { get; init; }
}

/// <summary>What to append. The role comes once, in a choice's first chunk.</summary>
internal sealed record ChatDelta
{
    public string? Role { get; init; }

    public string? Content { get; init; }

    /// <summary>Of the thought before the text.</summary>
    public string? ReasoningContent { get; init; }

    public string? Refusal { get; init; }

    /// <summary>One call, or more of its arguments.</summary>
    public IReadOnlyList<ChatCallDelta>? ToolCalls { get; init; }

    /// <summary>The call or more of its arguments, if the request named its tools <c>functions</c>.</summary>
    public ChatFunctionDelta? FunctionCall { get; init; }
}

/// <summary>A new call, with id, type and name, or more of its arguments.</summary>
internal sealed record ChatCallDelta
{
    /// <summary>Which call of the choice, from 0.</summary>
    public required int Index { get; init; }

    /// <summary>Only when the call is new.</summary>
    public string? Id { get; init; }

    /// <inheritdoc cref="Id"/>
    public string? Type { get; init; }

    /// <summary>Of a function.</summary>
    public ChatFunctionDelta? Function { get; init; }

    /// <summary>Of a tool that takes a text.</summary>
    public ChatCustomDelta? Custom { get; init; }
}

/// <summary>What to give a text to.</summary>
internal sealed record ChatCustomDelta
{
    /// <summary>Only when the call is new.</summary>
    public string? Name { get; init; }

    /// <summary>Text to append.</summary>
    public required string Input { get; init; }
}

/// <summary>What to call.</summary>
internal sealed record ChatFunctionDelta
{
    /// <summary>Only when the call is new.</summary>
    public string? Name { get; init; }

    /// <summary>Text to append; joined, it is JSON.</summary>
    public required string Arguments { get; init; }
}
