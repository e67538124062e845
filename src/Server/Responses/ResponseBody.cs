using System.Text.Json;
using System.Text.Json.Serialization;

namespace InferenceServer.Server.Responses;

/// <summary>A response: what was asked for, how far it is, and what the model answered. Immutable.</summary>
internal sealed record ResponseBody
{
    /// <summary><c>resp_</c> and 24 letters or digits.</summary>
    public required string Id { get; init; }

    public string Object { get; init; } = "response";

    /// <summary>Seconds since 1970.</summary>
    public required long CreatedAt { get; init; }

    /// <summary><c>queued</c>, <c>in_progress</c>, <c>completed</c>, <c>incomplete</c>, <c>failed</c> or <c>cancelled</c>.</summary>
    public required string Status { get; init; }

    /// <summary>It runs whether or not somebody listens.</summary>
    public required bool Background { get; init; }

    /// <summary>Seconds since 1970; null unless it is completed.</summary>
    public long? CompletedAt { get; init; }

    /// <summary>What went wrong; null unless it has failed.</summary>
    public ResponseFailure? Error { get; init; }

    /// <summary>Why it was cut off; null unless it is incomplete.</summary>
    public IncompleteDetails? IncompleteDetails { get; init; }

    public required string? Instructions { get; init; }

    public required int? MaxOutputTokens { get; init; }

    public required long? MaxToolCalls { get; init; }

    /// <summary>Id of the model that answers, whatever name the request used.</summary>
    public required string Model { get; init; }

    /// <summary>In the order in which the model wrote it; empty while it runs.</summary>
    public IReadOnlyList<ResponseItem> Output { get; init; } = [];

    public required bool ParallelToolCalls { get; init; }

    public required string? PreviousResponseId { get; init; }

    public required string? PromptCacheKey { get; init; }

    public required ResponseReasoning Reasoning { get; init; }

    public required string? SafetyIdentifier { get; init; }

    /// <summary>Scheduling class that the request runs in.</summary>
    public required string ServiceTier { get; init; }

    /// <summary>It can be asked for again.</summary>
    public required bool Store { get; init; }

    /// <summary>The value that counts, whoever set it.</summary>
    public required float Temperature { get; init; }

    public required ResponseText Text { get; init; }

    /// <summary>As the request has it.</summary>
    public required JsonElement ToolChoice { get; init; }

    /// <summary>As the request has them.</summary>
    public required JsonElement Tools { get; init; }

    [JsonPropertyName("top_logprobs")]
    public required int TopLogProbs { get; init; }

    /// <summary>The value that counts, whoever set it.</summary>
    public required float TopP { get; init; }

    public string Truncation { get; init; } = "disabled";

    /// <summary>Null while it runs, and if it has failed.</summary>
    public ResponseUsage? Usage { get; init; }

    public required string? User { get; init; }

    /// <summary>As the request has it.</summary>
    public required JsonElement Metadata { get; init; }
}

/// <summary>What went wrong.</summary>
/// <param name="Code">A word for programs.</param>
/// <param name="Message">For people.</param>
internal sealed record ResponseFailure(string Code, string Message);

/// <summary>Why a response was cut off.</summary>
/// <param name="Reason">Always <c>max_output_tokens</c>: the limit, or the end of the context.</param>
internal sealed record IncompleteDetails(string Reason);

/// <summary>How to think.</summary>
/// <param name="Effort">Given to the chat template; null if the request does not say.</param>
/// <param name="Summary">Always null.</param>
internal sealed record ResponseReasoning(string? Effort, string? Summary);

/// <summary>The form of the text.</summary>
/// <param name="Format">As the request has it.</param>
/// <param name="Verbosity">As the request has it; no effect.</param>
internal sealed record ResponseText(JsonElement Format, string Verbosity);

/// <summary>Tokens of a response.</summary>
internal sealed record ResponseUsage
{
    /// <summary>Tokens of the whole prompt, earlier responses included.</summary>
    public required int InputTokens { get; init; }

    public required InputTokensDetails InputTokensDetails { get; init; }

    /// <summary>Tokens generated, the end-of-turn token included.</summary>
    public required int OutputTokens { get; init; }

    public required OutputTokensDetails OutputTokensDetails { get; init; }

    /// <summary>Sum of both.</summary>
    public required int TotalTokens { get; init; }
}

/// <summary>Parts of the input tokens.</summary>
/// <param name="CachedTokens">Tokens served from the prefix cache instead of being computed.</param>
internal sealed record InputTokensDetails(int CachedTokens);

/// <summary>Parts of the output tokens.</summary>
/// <param name="ReasoningTokens">Tokens of reasoning text.</param>
internal sealed record OutputTokensDetails(int ReasoningTokens);
