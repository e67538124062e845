using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;

namespace InferenceServer.Server.OpenAi;

/// <summary>How to pick tokens, when to end and whom to make wait: what requests for text have in common, whatever their prompt and their dialect.</summary>
internal abstract record SamplingRequest
{
    /// <summary>Id or alias of the model. Any name is taken unless the server is strict about it.</summary>
    public string? Model { get; init; }

    /// <summary>Send tokens as server-sent events.</summary>
    public bool? Stream { get; init; }

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
}
