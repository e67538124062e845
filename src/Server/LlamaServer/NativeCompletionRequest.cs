using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;

namespace InferenceServer.Server.LlamaServer;

/// <summary>
/// The fields of <c>POST /completion</c> and <c>POST /infill</c> that this server reads. Null means absent; unknown fields are ignored. Read
/// by NativeRequestReader; these types are the contract that the API description shows, and a test holds the two together.
/// </summary>
internal abstract record NativeRequest
{
    /// <summary>Id or alias of the model. Any name is taken unless the server is strict about it.</summary>
    public string? Model { get; init; }

    /// <summary>Tokens to generate at most; null or -1 as many as the context holds, 0 none.</summary>
    public int? NPredict { get; init; }

    /// <summary>Send tokens as server-sent events.</summary>
    public bool? Stream { get; init; }

    /// <summary>A text or a list of texts that end the answer and are not part of it.</summary>
    [Description("A string or an array of strings.")]
    public JsonElement? Stop { get; init; }

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

    /// <summary>Report how likely each token was, with so many alternatives.</summary>
    [Range(0, 20)]
    public int? NProbs { get; init; }

    /// <summary>False: neither use nor leave behind a cached prefix.</summary>
    public bool? CachePrompt { get; init; }

    /// <summary>True is refused.</summary>
    public bool? ReturnTokens { get; init; }
}

/// <summary>Body of <c>POST /completion</c>.</summary>
/// <inheritdoc cref="NativeRequest"/>
internal sealed record NativeCompletionRequest : NativeRequest
{
    /// <summary>The text to go on with, or several, as text or as token ids. Names of control tokens in it become those tokens.</summary>
    [Description("A string, an array of strings, an array of token ids, or an array of arrays of token ids.")]
    public required JsonElement Prompt { get; init; }
}

/// <summary>Body of <c>POST /infill</c>.</summary>
/// <inheritdoc cref="NativeRequest"/>
internal sealed record NativeInfillRequest : NativeRequest
{
    /// <summary>The text before the gap.</summary>
    public required string InputPrefix { get; init; }

    /// <summary>The text after the gap.</summary>
    public required string InputSuffix { get; init; }

    /// <summary>Other texts that help, put before the prefix.</summary>
    public IReadOnlyList<InfillExtra>? InputExtra { get; init; }

    /// <summary>Added to the prefix.</summary>
    public string? Prompt { get; init; }
}

/// <summary>Another text that helps to fill a gap.</summary>
internal sealed record InfillExtra
{
    /// <summary>Where it is from.</summary>
    public string? Filename { get; init; }

    public required string Text { get; init; }
}
