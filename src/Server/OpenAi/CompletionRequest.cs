using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace InferenceServer.Server.OpenAi;

/// <summary>
/// The fields of <c>POST /v1/completions</c> that this server reads. Null means absent; unknown fields are ignored. Read by
/// CompletionRequestValidator; this type is the contract that the API description shows, and a test holds the two together.
/// </summary>
internal sealed record CompletionRequest
{
    /// <summary>The text to go on with, or several, as text or as token ids. Names of control tokens in it become those tokens. Null: begins anew.</summary>
    [Description("A string, an array of strings, an array of token ids, or an array of arrays of token ids.")]
    public JsonElement? Prompt { get; init; }

    /// <summary>Id or alias of the model. Any name is taken unless the server is strict about it.</summary>
    public string? Model { get; init; }

    /// <summary>Text that comes after the completion; only for models that were trained to fill gaps.</summary>
    public string? Suffix { get; init; }

    /// <summary>Begin the answer with the prompt.</summary>
    public bool? Echo { get; init; }

    /// <summary>Report how likely each token was, with so many alternatives; with <c>echo</c> those of the prompt, too.</summary>
    [Range(0, 5)]
    [JsonPropertyName("logprobs")]
    public int? LogProbs { get; init; }

    /// <summary>Answers to each prompt.</summary>
    [Range(1, 128)]
    public int? N { get; init; }

    /// <summary>Generate so many and answer with the <c>n</c> most likely ones; not with <c>stream</c>.</summary>
    [Range(1, 20)]
    public int? BestOf { get; init; }

    /// <summary>Tokens to generate at most; null is 16, -1 as many as the context holds, 0 none.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>False: no beginning-of-sequence token is put before a prompt of text.</summary>
    public bool? AddSpecialTokens { get; init; }

    /// <summary>Send tokens as server-sent events.</summary>
    public bool? Stream { get; init; }

    /// <summary>Options of a stream; ignored without <c>stream</c>.</summary>
    public StreamOptions? StreamOptions { get; init; }

    /// <summary>A text or a list of texts that end the answer and are not part of it.</summary>
    [Description("A string or an array of strings.")]
    public JsonElement? Stop { get; init; }

    /// <summary>Tokens that end the answer, besides the model's own.</summary>
    public IReadOnlyList<int>? StopTokenIds { get; init; }

    /// <summary>Show the stop text or token that ended the answer.</summary>
    public bool? IncludeStopStrInOutput { get; init; }

    /// <summary>Nothing ends the answer before so many tokens.</summary>
    public int? MinTokens { get; init; }

    /// <summary>Go on after the model wants to end.</summary>
    public bool? IgnoreEos { get; init; }

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

    /// <summary>False: neither use nor leave behind a cached prefix.</summary>
    public bool? CachePrompt { get; init; }

    /// <summary>Prefixes are shared only among requests with the same salt.</summary>
    public string? CacheSalt { get; init; }

    /// <summary><c>priority</c>, <c>default</c> or <c>flex</c>: who waits for whom. Other values mean <c>default</c>.</summary>
    public string? ServiceTier { get; init; }

    /// <summary>Accepted and ignored.</summary>
    public string? User { get; init; }
}
