using System.Text.Json.Serialization;
using InferenceServer.Server.OpenAi;

namespace InferenceServer.Server.LlamaServer;

/// <summary>Answer of <c>POST /completion</c> and <c>POST /infill</c>, whole or an event of it; what follows <c>stop</c> is there at the end only.</summary>
internal sealed record NativeCompletionResponse
{
    /// <summary>Which prompt, from 0.</summary>
    public required int Index { get; init; }

    /// <summary>The text, or what is new of it.</summary>
    public required string Content { get; init; }

    /// <summary>Always empty.</summary>
    public IReadOnlyList<int> Tokens { get; init; } = [];

    /// <summary>True: nothing follows.</summary>
    public required bool Stop { get; init; }

    /// <summary>How likely the tokens were; absent unless asked for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<NativeTokenProbability>? CompletionProbabilities { get; init; }

    /// <summary>Id of the model that answered.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Model { get; init; }

    /// <summary>Tokens generated.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? TokensPredicted { get; init; }

    /// <summary>Tokens of the prompts.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? TokensEvaluated { get; init; }

    /// <summary>Of those, tokens from the prefix cache.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? TokensCached { get; init; }

    /// <summary>Always false: what does not fit is refused.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Truncated { get; init; }

    /// <summary><c>eos</c>, <c>word</c> or <c>limit</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? StopType { get; init; }

    /// <summary>The stop text that ended the answer; empty if none did.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? StoppingWord { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public NativeSettings? GenerationSettings { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Timings? Timings { get; init; }
}

/// <summary>How the answer was made.</summary>
/// <param name="NCtx">Tokens that one request may use, prompt and answer together.</param>
internal sealed record NativeSettings(int NCtx);

/// <summary>How likely a token was.</summary>
internal sealed record NativeTokenProbability
{
    public required int Id { get; init; }

    public required string Token { get; init; }

    public required IReadOnlyList<int> Bytes { get; init; }

    [JsonPropertyName("logprob")]
    public required float LogProb { get; init; }

    /// <summary>Alternatives; absent in an alternative.</summary>
    [JsonPropertyName("top_logprobs")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<NativeTokenProbability>? TopLogProbs { get; init; }
}
