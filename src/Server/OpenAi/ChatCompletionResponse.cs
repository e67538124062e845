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

    /// <summary><c>stop</c> or <c>length</c>.</summary>
    public required string FinishReason { get; init; }
}

/// <summary>The assistant's message.</summary>
internal sealed record ChatAnswer
{
    public string Role { get; init; } = "assistant";

    public required string? Content { get; init; }

    public string? Refusal { get; init; }

    public IReadOnlyList<string> Annotations { get; init; } = [];
}
