using System.ComponentModel;
using System.Text.Json;

namespace InferenceServer.Server.Ollama;

/// <summary>
/// The fields of <c>POST /api/chat</c> that this server reads. Null means absent; unknown fields are ignored. Read by OllamaRequestReader;
/// this type is the contract that the API description shows, and a test holds the two together.
/// </summary>
internal sealed record OllamaChatRequest
{
    /// <summary>The conversation, oldest message first. None: only makes sure that the model is loaded.</summary>
    public IReadOnlyList<OllamaMessage>? Messages { get; init; }

    /// <summary>Id or alias of the model, with or without <c>:latest</c>. Any name is taken unless the server is strict about it.</summary>
    public string? Model { get; init; }

    /// <summary>False: answer in one piece; otherwise line by line.</summary>
    public bool? Stream { get; init; }

    /// <summary>What the model may call, in OpenAI's form.</summary>
    public IReadOnlyList<JsonElement>? Tools { get; init; }

    /// <summary>As OpenAI has it: <c>auto</c>, <c>none</c>, <c>required</c>, one tool by its name, or <c>allowed_tools</c>.</summary>
    public JsonElement? ToolChoice { get; init; }

    /// <summary>False: one call at most.</summary>
    public bool? ParallelToolCalls { get; init; }

    /// <summary>Form of the answer.</summary>
    [Description("\"json\" or a JSON Schema.")]
    public JsonElement? Format { get; init; }

    /// <summary>Whether or how much the model thinks before it answers, where its template leaves the choice.</summary>
    [Description("A boolean, or how much: low, medium, high.")]
    public JsonElement? Think { get; init; }

    /// <summary>How to pick and when to end: see the table of options.</summary>
    public JsonElement? Options { get; init; }

    /// <summary>Accepted and ignored: the model stays loaded.</summary>
    [Description("A duration as a string, or seconds.")]
    public JsonElement? KeepAlive { get; init; }

    /// <summary>True is refused.</summary>
    public bool? Logprobs { get; init; }
}

/// <summary>One message of the conversation.</summary>
internal sealed record OllamaMessage
{
    /// <summary><c>system</c>, <c>user</c>, <c>assistant</c> or <c>tool</c>.</summary>
    public required string Role { get; init; }

    /// <summary>What was said; may be absent beside calls.</summary>
    public string? Content { get; init; }

    /// <summary>An assistant's thought before its answer.</summary>
    public string? Thinking { get; init; }

    /// <summary>An assistant's calls.</summary>
    public IReadOnlyList<OllamaCall>? ToolCalls { get; init; }

    /// <summary>Of a tool's message: which tool.</summary>
    public string? ToolName { get; init; }

    /// <summary>Of a tool's message: which call.</summary>
    public string? ToolCallId { get; init; }

    /// <summary>Refused unless empty.</summary>
    public IReadOnlyList<string>? Images { get; init; }
}
