using System.Text.Json;
using System.Text.Json.Serialization;

namespace InferenceServer.Server.Ollama;

/// <summary>What Ollama's answers end with: counts, and times in nanoseconds. All absent before the end.</summary>
internal abstract record OllamaAnswer
{
    /// <summary>Id of the model that answered, whatever name the request used.</summary>
    [JsonPropertyOrder(-2)]
    public required string Model { get; init; }

    /// <summary>When the answer began.</summary>
    [JsonPropertyOrder(-2)]
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>True: nothing follows.</summary>
    [JsonPropertyOrder(1)]
    public required bool Done { get; init; }

    /// <summary><c>stop</c>, <c>length</c>, or <c>load</c> if there was nothing to answer.</summary>
    [JsonPropertyOrder(1)]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? DoneReason { get; init; }

    /// <summary>From the moment the request left the queue.</summary>
    [JsonPropertyOrder(1)]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? TotalDuration { get; init; }

    /// <summary>Always 0: the model was loaded before.</summary>
    [JsonPropertyOrder(1)]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? LoadDuration { get; init; }

    /// <summary>Tokens of the prompt, cached ones included.</summary>
    [JsonPropertyOrder(1)]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? PromptEvalCount { get; init; }

    [JsonPropertyOrder(1)]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? PromptEvalDuration { get; init; }

    /// <summary>Tokens generated.</summary>
    [JsonPropertyOrder(1)]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? EvalCount { get; init; }

    [JsonPropertyOrder(1)]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? EvalDuration { get; init; }
}

/// <summary>Answer of <c>POST /api/chat</c>, whole or a line of it.</summary>
internal sealed record OllamaChatResponse : OllamaAnswer
{
    /// <summary>What is new.</summary>
    public required OllamaAnswerMessage Message { get; init; }
}

/// <summary>Answer of <c>POST /api/generate</c>, whole or a line of it.</summary>
internal sealed record OllamaGenerateResponse : OllamaAnswer
{
    /// <summary>What is new.</summary>
    public required string Response { get; init; }

    /// <summary>What the model thought before; absent if it did not.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Thinking { get; init; }
}

/// <summary>The assistant's message.</summary>
internal sealed record OllamaAnswerMessage
{
    public string Role { get; init; } = "assistant";

    /// <summary>The text.</summary>
    public required string Content { get; init; }

    /// <summary>What the model thought before; absent if it did not.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Thinking { get; init; }

    /// <summary>Calls, each whole; absent if there are none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<OllamaCall>? ToolCalls { get; init; }
}

/// <summary>A call of a tool.</summary>
internal sealed record OllamaCall
{
    /// <summary>What the tool's message refers to.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Id { get; init; }

    public required OllamaFunction Function { get; init; }
}

/// <summary>What to call.</summary>
internal sealed record OllamaFunction
{
    /// <summary>Which call of the answer, from 0.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Index { get; init; }

    public required string Name { get; init; }

    /// <summary>An object; empty if the answer was cut off in it.</summary>
    public required JsonElement Arguments { get; init; }
}

/// <summary>Body of every failed request to Ollama's endpoints, and the last line of a stream that failed.</summary>
/// <param name="Error">For people.</param>
internal sealed record OllamaErrorBody(string Error);

/// <summary>Answer of <c>GET /api/version</c>.</summary>
/// <param name="Version">The Ollama whose API this is: clients refuse servers that they think too old.</param>
internal sealed record OllamaVersion(string Version);
