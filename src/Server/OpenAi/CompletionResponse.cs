using System.Text.Json.Serialization;

namespace InferenceServer.Server.OpenAi;

/// <summary>Answer of <c>POST /v1/completions</c> without <c>stream</c>; with it, each event has this shape, too.</summary>
internal sealed record CompletionResponse
{
    /// <summary><c>cmpl-</c> and 24 letters or digits.</summary>
    public required string Id { get; init; }

    public string Object { get; init; } = "text_completion";

    /// <summary>Seconds since 1970.</summary>
    public required long Created { get; init; }

    /// <summary>Id of the model that answered, whatever name the request used.</summary>
    public required string Model { get; init; }

    /// <summary>By index: the answers to the first prompt, then those to the second. In an event exactly one, in the usage event none.</summary>
    public required IReadOnlyList<CompletionChoice> Choices { get; init; }

    /// <summary>In a stream only in the last event, and only if asked for.</summary>
    public Usage? Usage { get; init; }

    /// <summary>Changes when the model or a setting that touches its numbers changes.</summary>
    public required string SystemFingerprint { get; init; }

    /// <summary>An extension: where the time went. In a stream only in the last event.</summary>
    public Timings? Timings { get; init; }
}

/// <summary>One of the answers, or in a stream what is new of it.</summary>
internal sealed record CompletionChoice
{
    public required string Text { get; init; }

    public required int Index { get; init; }

    /// <summary>Null unless asked for.</summary>
    [JsonPropertyName("logprobs")]
    public required CompletionLogProbs? LogProbs { get; init; }

    /// <summary><c>stop</c> or <c>length</c>; null while a stream goes on.</summary>
    public required string? FinishReason { get; init; }
}

/// <summary>Log probabilities of a completion's tokens: four lists of the same length.</summary>
internal sealed record CompletionLogProbs
{
    /// <summary>Texts of the tokens; <c>bytes:\xE2\x82</c> where a token is a part of a character.</summary>
    public required IReadOnlyList<string> Tokens { get; init; }

    /// <summary>Natural logarithms of their shares in the model's own distribution, at least -9999; null for the first token of a prompt.</summary>
    [JsonPropertyName("token_logprobs")]
    public required IReadOnlyList<float?> TokenLogProbs { get; init; }

    /// <summary>The most likely tokens in each place and the one that is there; null for the first token of a prompt.</summary>
    [JsonPropertyName("top_logprobs")]
    public required IReadOnlyList<IReadOnlyDictionary<string, float>?> TopLogProbs { get; init; }

    /// <summary>Characters (Unicode code points) of the text before each token.</summary>
    public required IReadOnlyList<int> TextOffset { get; init; }
}
