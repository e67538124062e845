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
internal sealed record ChatCompletionRequest
{
    /// <summary>The conversation, oldest message first.</summary>
    [MinLength(1)]
    public required IReadOnlyList<ChatRequestMessage> Messages { get; init; }

    /// <summary>Id or alias of the model. Any name is taken unless the server is strict about it.</summary>
    public string? Model { get; init; }

    /// <summary>Send tokens as server-sent events.</summary>
    public bool? Stream { get; init; }

    /// <summary>Options of a stream; ignored without <c>stream</c>.</summary>
    public StreamOptions? StreamOptions { get; init; }

    /// <summary>Tokens to generate at most. Null or -1: as many as the context holds. More than fits is cut to what fits.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>The same; wins over <c>max_tokens</c>.</summary>
    public int? MaxCompletionTokens { get; init; }

    /// <summary>Number of answers.</summary>
    [Range(1, 128)]
    public int? N { get; init; }

    /// <summary>A text or a list of texts that end the answer and are not part of it.</summary>
    [Description("A string or an array of strings.")]
    public JsonElement? Stop { get; init; }

    /// <summary>0 always picks the most likely token.</summary>
    [Range(0.0, 2.0)]
    public double? Temperature { get; init; }

    /// <summary>Nucleus: keep the most likely tokens that make up this share.</summary>
    [Range(0.0, 1.0)]
    public double? TopP { get; init; }

    /// <summary>Keep this many most likely tokens; 0 or -1 is off.</summary>
    public int? TopK { get; init; }

    /// <summary>Drop tokens less likely than this share of the most likely one.</summary>
    [Range(0.0, 1.0)]
    public double? MinP { get; init; }

    /// <summary>Penalty on tokens among the last <c>repeat_last_n</c>; 1 is off.</summary>
    public double? RepeatPenalty { get; init; }

    /// <summary>The same, under vLLM's name.</summary>
    public double? RepetitionPenalty { get; init; }

    /// <summary>Tokens that the repeat penalty looks back on; 0 is off, -1 all.</summary>
    public int? RepeatLastN { get; init; }

    /// <summary>Subtracted once from tokens already generated.</summary>
    [Range(-2.0, 2.0)]
    public double? PresencePenalty { get; init; }

    /// <summary>Subtracted per occurrence from tokens already generated.</summary>
    [Range(-2.0, 2.0)]
    public double? FrequencyPenalty { get; init; }

    /// <summary>Added to single tokens' logits: a map from token id to bias, or a list of pairs; a bias of false forbids the token.</summary>
    public JsonElement? LogitBias { get; init; }

    /// <summary>The same seed, request and settings give the same answer; null or -1 is random.</summary>
    public long? Seed { get; init; }

    /// <summary>Tokens that end the answer, besides the model's own.</summary>
    public IReadOnlyList<int>? StopTokenIds { get; init; }

    /// <summary>Show the stop text or token that ended the answer.</summary>
    public bool? IncludeStopStrInOutput { get; init; }

    /// <summary>Nothing ends the answer before so many tokens.</summary>
    public int? MinTokens { get; init; }

    /// <summary>Go on after the model wants to end.</summary>
    public bool? IgnoreEos { get; init; }

    /// <summary>False: neither use nor leave behind a cached prefix.</summary>
    public bool? CachePrompt { get; init; }

    /// <summary>Prefixes are shared only among requests with the same salt.</summary>
    public string? CacheSalt { get; init; }

    /// <summary>False: the template does not open the assistant's message.</summary>
    public bool? AddGenerationPrompt { get; init; }

    /// <summary>Go on with the last message, an assistant's, instead of beginning a new one.</summary>
    public bool? ContinueFinalMessage { get; init; }

    /// <summary>Further variables for the chat template.</summary>
    public IReadOnlyDictionary<string, JsonElement>? ChatTemplateKwargs { get; init; }

    /// <summary>Given to the chat template as <c>reasoning_effort</c>.</summary>
    public string? ReasoningEffort { get; init; }

    /// <summary><c>priority</c>, <c>default</c> or <c>flex</c>: who waits for whom. Other values mean <c>default</c>.</summary>
    public string? ServiceTier { get; init; }

    /// <summary>Functions shown to the model by the chat template; calls come back as text.</summary>
    public IReadOnlyList<JsonElement>? Tools { get; init; }

    /// <summary><c>auto</c>, or <c>none</c> to hide the tools.</summary>
    public JsonElement? ToolChoice { get; init; }

    /// <summary>Accepted.</summary>
    public bool? ParallelToolCalls { get; init; }

    /// <summary>Old form of <c>tools</c>.</summary>
    public IReadOnlyList<JsonElement>? Functions { get; init; }

    /// <summary>Old form of <c>tool_choice</c>.</summary>
    public JsonElement? FunctionCall { get; init; }

    /// <summary>Only <c>{"type":"text"}</c>.</summary>
    public JsonElement? ResponseFormat { get; init; }

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

    /// <summary>Accepted and ignored.</summary>
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
