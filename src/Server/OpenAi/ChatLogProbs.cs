using System.Text.Json.Serialization;

namespace InferenceServer.Server.OpenAi;

/// <summary>Log probabilities of an answer's tokens.</summary>
internal sealed record ChatLogProbs
{
    /// <summary>One entry per token of the text, in order.</summary>
    public required IReadOnlyList<ChatTokenLogProb> Content { get; init; }

    /// <summary>Always null: local models do not refuse in a field of their own.</summary>
    public IReadOnlyList<ChatTokenLogProb>? Refusal { get; init; }
}

/// <summary>A token of the answer with the most likely ones in its place.</summary>
internal sealed record ChatTokenLogProb
{
    /// <summary>Its text; U+FFFD where it is a part of a character.</summary>
    public required string Token { get; init; }

    /// <summary>Natural logarithm of its share in the model's own distribution; -9999 if it was impossible.</summary>
    [JsonPropertyName("logprob")]
    public required float LogProb { get; init; }

    /// <summary>Its UTF-8 bytes.</summary>
    public required IReadOnlyList<int> Bytes { get; init; }

    /// <summary>As many as <c>top_logprobs</c> says, best first.</summary>
    [JsonPropertyName("top_logprobs")]
    public required IReadOnlyList<ChatTopLogProb> TopLogProbs { get; init; }
}

/// <summary>A token that could have been in another's place.</summary>
internal sealed record ChatTopLogProb
{
    public required string Token { get; init; }

    [JsonPropertyName("logprob")]
    public required float LogProb { get; init; }

    public required IReadOnlyList<int> Bytes { get; init; }
}
