using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace InferenceServer.Server.OpenAi;

/// <summary>
/// The fields of <c>POST /v1/completions</c> that this server reads. Null means absent; unknown fields are ignored. Read by
/// CompletionRequestValidator; this type is the contract that the API description shows, and a test holds the two together.
/// </summary>
internal sealed record CompletionRequest : TextRequest
{
    /// <summary>The text to go on with, or several, as text or as token ids. Names of control tokens in it become those tokens. Null: begins anew.</summary>
    [Description("A string, an array of strings, an array of token ids, or an array of arrays of token ids.")]
    public JsonElement? Prompt { get; init; }

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

    /// <summary>Options of a stream; ignored without <c>stream</c>.</summary>
    public StreamOptions? StreamOptions { get; init; }

    /// <summary><c>in_memory</c>: the prefix that this request leaves behind is not written to disk. Other values mean the server's own rule.</summary>
    public string? PromptCacheRetention { get; init; }

    /// <summary>Accepted and ignored.</summary>
    public string? User { get; init; }
}
