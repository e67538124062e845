using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using InferenceServer.Server.OpenAi;

namespace InferenceServer.Server.Responses;

/// <summary>
/// The fields of <c>POST /v1/responses</c> and <c>POST /v1/responses/input_tokens</c> that this server reads. Null means absent;
/// unknown fields are ignored. Requests are read by ResponseRequestReader; this type is the contract that the API description
/// shows, and a test holds the two together.
/// </summary>
internal sealed record ResponseRequest : SamplingRequest
{
    /// <summary>What is new: a text, or a list of messages, calls, their outputs and thoughts. May be left out behind a previous response.</summary>
    [Description("A string, or an array of items.")]
    public JsonElement? Input { get; init; }

    /// <summary>The first system message. Not taken over from a previous response.</summary>
    public string? Instructions { get; init; }

    /// <summary>The stored response to go on from.</summary>
    public string? PreviousResponseId { get; init; }

    /// <summary>Options of a stream; nothing is padded.</summary>
    public JsonElement? StreamOptions { get; init; }

    /// <summary>False: keep nothing. True unless said.</summary>
    public bool? Store { get; init; }

    /// <summary>Answer at once and go on whether or not somebody listens.</summary>
    public bool? Background { get; init; }

    /// <summary>Tokens to generate at most, thoughts included. More than fits is cut to what fits.</summary>
    [Range(1, long.MaxValue)]
    public long? MaxOutputTokens { get; init; }

    /// <summary>Accepted and ignored: it concerns tools that run on the server.</summary>
    public long? MaxToolCalls { get; init; }

    /// <summary>Report so many alternatives to each token.</summary>
    [Range(0, 20)]
    [JsonPropertyName("top_logprobs")]
    public int? TopLogProbs { get; init; }

    /// <summary>Form of the text: <c>format</c> is <c>text</c>, <c>json_object</c> or <c>json_schema</c>.</summary>
    public JsonElement? Text { get; init; }

    /// <summary>How to think: <c>effort</c> is given to the chat template; <c>none</c> keeps the model from thinking.</summary>
    public JsonElement? Reasoning { get; init; }

    /// <summary>Functions and custom tools, also within namespaces. Tools that run on OpenAI's servers are left out.</summary>
    public IReadOnlyList<JsonElement>? Tools { get; init; }

    /// <summary><c>auto</c>, <c>none</c>, <c>required</c>, one tool by its name, or <c>allowed_tools</c>.</summary>
    public JsonElement? ToolChoice { get; init; }

    /// <summary>False: one call at most.</summary>
    public bool? ParallelToolCalls { get; init; }

    /// <summary>What to add to the answer: <c>message.output_text.logprobs</c>, <c>reasoning.encrypted_content</c>; others have no effect.</summary>
    public IReadOnlyList<string>? Include { get; init; }

    /// <summary><c>disabled</c>; <c>auto</c> means the same.</summary>
    public string? Truncation { get; init; }

    /// <summary>Comes back with the response.</summary>
    public JsonElement? Metadata { get; init; }

    /// <summary>Comes back with the response.</summary>
    public string? User { get; init; }

    /// <summary>Comes back with the response.</summary>
    public string? SafetyIdentifier { get; init; }

    /// <summary>Comes back with the response: prefixes are found by content.</summary>
    public string? PromptCacheKey { get; init; }

    /// <summary><c>in_memory</c>: the prefix that this request leaves behind is not written to disk. Other values mean the server's own rule.</summary>
    public string? PromptCacheRetention { get; init; }

    /// <summary>Accepted and ignored.</summary>
    public JsonElement? PromptCacheOptions { get; init; }

    /// <summary>Accepted and ignored.</summary>
    public IReadOnlyList<JsonElement>? ContextManagement { get; init; }

    /// <summary>Further variables for the chat template.</summary>
    public IReadOnlyDictionary<string, JsonElement>? ChatTemplateKwargs { get; init; }
}
