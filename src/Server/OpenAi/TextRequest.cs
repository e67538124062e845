using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;

namespace InferenceServer.Server.OpenAi;

/// <summary>The fields that requests for text have in common, whatever their prompt is.</summary>
internal abstract record TextRequest
{
    /// <summary>Id or alias of the model. Any name is taken unless the server is strict about it.</summary>
    public string? Model { get; init; }

    /// <summary>Send tokens as server-sent events.</summary>
    public bool? Stream { get; init; }

    /// <summary>Options of a stream; ignored without <c>stream</c>.</summary>
    public StreamOptions? StreamOptions { get; init; }

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

    /// <summary><c>priority</c>, <c>default</c> or <c>flex</c>: who waits for whom. Other values mean <c>default</c>.</summary>
    public string? ServiceTier { get; init; }

    /// <summary>What the text must fit: <c>{"type":"json_schema","json_schema":{...}}</c>, <c>{"type":"json_object"}</c> or <c>{"type":"text"}</c>.</summary>
    public JsonElement? ResponseFormat { get; init; }

    /// <summary>A grammar that the text must fit, in llama.cpp's notation (GBNF).</summary>
    public string? Grammar { get; init; }

    /// <summary>Only false: strict tools are constrained by themselves.</summary>
    public bool? GrammarLazy { get; init; }

    /// <summary>A JSON Schema that the text must fit, as llama.cpp's server has it.</summary>
    [Description("A schema, or the text of one.")]
    public JsonElement? JsonSchema { get; init; }

    /// <summary>The same, as vLLM has it.</summary>
    [Description("A schema, or the text of one.")]
    public JsonElement? GuidedJson { get; init; }

    /// <summary>A regular expression that the text must match.</summary>
    public string? GuidedRegex { get; init; }

    /// <summary>Texts of which the answer is one.</summary>
    public IReadOnlyList<string>? GuidedChoice { get; init; }

    /// <summary>The same as <c>grammar</c>, as vLLM has it.</summary>
    public string? GuidedGrammar { get; init; }

    /// <summary>One of <c>json</c>, <c>regex</c>, <c>choice</c>, <c>grammar</c> and <c>json_object</c>, as vLLM has it.</summary>
    public JsonElement? StructuredOutputs { get; init; }

    /// <summary>Accepted and ignored.</summary>
    public string? User { get; init; }
}
