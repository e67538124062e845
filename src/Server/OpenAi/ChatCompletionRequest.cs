using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace InferenceServer.Server.OpenAi;

/// <summary>
/// The fields of <c>POST /v1/chat/completions</c> that this server reads. Null means absent for all but <c>messages</c>; unknown
/// fields are ignored. Requests are read by ChatRequestValidator, which finds all faults of a body at once; this type is the
/// contract that the API description shows, and a test holds the two together.
/// </summary>
internal sealed record ChatCompletionRequest : TextRequest
{
    /// <summary>The conversation, oldest message first.</summary>
    [MinLength(1)]
    public required IReadOnlyList<ChatRequestMessage> Messages { get; init; }

    /// <summary>Options of a stream; ignored without <c>stream</c>.</summary>
    public StreamOptions? StreamOptions { get; init; }

    /// <summary>Tokens to generate at most. Null or -1: as many as the context holds. More than fits is cut to what fits.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>The same; wins over <c>max_tokens</c>.</summary>
    public int? MaxCompletionTokens { get; init; }

    /// <summary>The same, as llama.cpp's server has it.</summary>
    public int? NPredict { get; init; }

    /// <summary>Number of answers.</summary>
    [Range(1, 128)]
    public int? N { get; init; }

    /// <summary>False: the template does not open the assistant's message.</summary>
    public bool? AddGenerationPrompt { get; init; }

    /// <summary>Go on with the last message, an assistant's, instead of beginning a new one.</summary>
    public bool? ContinueFinalMessage { get; init; }

    /// <summary>Further variables for the chat template.</summary>
    public IReadOnlyDictionary<string, JsonElement>? ChatTemplateKwargs { get; init; }

    /// <summary>Given to the chat template, which turns it and its other switches for thinking; <c>none</c> keeps the model from thinking.</summary>
    public string? ReasoningEffort { get; init; }

    /// <summary>Its <c>effort</c> is the same, as OpenRouter's clients have it.</summary>
    public JsonElement? Reasoning { get; init; }

    /// <summary>Tokens of thought at most; then the thought is ended. 0: none, -1: no limit.</summary>
    public int? ThinkingBudgetTokens { get; init; }

    /// <summary>The same, under another name of llama.cpp's server.</summary>
    public int? ReasoningBudgetTokens { get; init; }

    /// <summary>The same, as vLLM has it.</summary>
    public int? ThinkingTokenBudget { get; init; }

    /// <summary>False: thoughts are left out of the answer.</summary>
    public bool? IncludeReasoning { get; init; }

    /// <summary><c>none</c> leaves thoughts in the text as the model writes them.</summary>
    public string? ReasoningFormat { get; init; }

    /// <summary>Functions and custom tools that the model may call.</summary>
    public IReadOnlyList<JsonElement>? Tools { get; init; }

    /// <summary><c>auto</c>, <c>none</c>, <c>required</c>, one tool by its name, or <c>allowed_tools</c>.</summary>
    public JsonElement? ToolChoice { get; init; }

    /// <summary>False: one call at most.</summary>
    public bool? ParallelToolCalls { get; init; }

    /// <summary>Old form of <c>tools</c>.</summary>
    public IReadOnlyList<JsonElement>? Functions { get; init; }

    /// <summary>Old form of <c>tool_choice</c>.</summary>
    public JsonElement? FunctionCall { get; init; }

    /// <summary>Report how likely each token was.</summary>
    [JsonPropertyName("logprobs")]
    public bool? LogProbs { get; init; }

    /// <summary>Report so many alternatives to each token, too.</summary>
    [Range(0, 20)]
    [JsonPropertyName("top_logprobs")]
    public int? TopLogProbs { get; init; }

    /// <summary>Only <c>["text"]</c>.</summary>
    public IReadOnlyList<string>? Modalities { get; init; }

    /// <summary>Accepted and ignored without audio in <c>modalities</c>.</summary>
    public JsonElement? Audio { get; init; }

    /// <summary>Accepted and ignored.</summary>
    public JsonElement? Prediction { get; init; }

    /// <summary>Accepted and ignored.</summary>
    public JsonElement? Metadata { get; init; }

    /// <summary>Accepted and ignored: nothing is stored.</summary>
    public bool? Store { get; init; }

    /// <summary>Accepted and ignored.</summary>
    public string? User { get; init; }

    /// <summary>Accepted and ignored.</summary>
    public string? SafetyIdentifier { get; init; }

    /// <summary>Accepted and ignored: prefixes are found by content.</summary>
    public string? PromptCacheKey { get; init; }

    /// <summary><c>in_memory</c>: the prefix that this request leaves behind is not written to disk. Other values mean the server's own rule.</summary>
    public string? PromptCacheRetention { get; init; }

    /// <summary>Accepted and ignored.</summary>
    public JsonElement? PromptCacheOptions { get; init; }

    /// <summary>Accepted and ignored.</summary>
    public string? Verbosity { get; init; }

    /// <summary>Accepted and ignored.</summary>
    public JsonElement? WebSearchOptions { get; init; }
}

/// <summary>One message of the conversation.</summary>
internal sealed record ChatRequestMessage
{
    /// <summary><c>system</c>, <c>developer</c>, <c>user</c>, <c>assistant</c>, <c>tool</c> or <c>function</c>.</summary>
    public required string Role { get; init; }

    /// <summary>A text, or a list of text parts. An assistant's or a tool's may be null.</summary>
    [Description("A string, an array of {\"type\":\"text\",\"text\":...} parts, or null.")]
    public JsonElement? Content { get; init; }

    public string? Name { get; init; }

    /// <summary>Reasoning that preceded an assistant's answer; also read from <c>reasoning</c> and <c>thinking</c>.</summary>
    public string? ReasoningContent { get; init; }

    /// <summary>Calls that an assistant made.</summary>
    public IReadOnlyList<JsonElement>? ToolCalls { get; init; }

    /// <summary>Old form of <c>tool_calls</c>.</summary>
    public JsonElement? FunctionCall { get; init; }

    /// <summary>The call that a tool's message answers.</summary>
    public string? ToolCallId { get; init; }
}

/// <summary>Options of a stream.</summary>
internal sealed record StreamOptions
{
    /// <summary>Send a last chunk with the request's usage.</summary>
    public bool? IncludeUsage { get; init; }

    /// <summary>Accepted and ignored: nothing is padded.</summary>
    public bool? IncludeObfuscation { get; init; }
}
