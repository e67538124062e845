using System.Collections.Immutable;
using System.Text.Json;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Responses;

/// <summary>
/// A request for a response in which nothing needs to be checked again but what only the store knows: the previous response and
/// the items that it refers to. Keeps parts of the body and lives no longer than its document.
/// </summary>
internal sealed record ValidResponseRequest
{
    /// <summary>What the engine needs to know, without a conversation.</summary>
    public required ValidChatRequest Chat { get; init; }

    /// <summary>The request's own items, oldest first.</summary>
    public required ImmutableArray<JsonElement> Input { get; init; }

    /// <summary>The first system message; null if there is none.</summary>
    public string? Instructions { get; init; }

    /// <summary>The response to go on from; null for a new conversation.</summary>
    public string? PreviousResponseId { get; init; }

    /// <summary>The client wants to be able to ask for it again.</summary>
    public bool Store { get; init; } = true;

    /// <summary>It outlives its client.</summary>
    public bool Background { get; init; }

    /// <summary>Thoughts are to come in a form that can be sent back.</summary>
    public bool IncludesEncryptedReasoning { get; init; }

    /// <summary>Names of the tools, by what the model calls them.</summary>
    public required ToolNames Tools { get; init; }

    /// <summary>Kinds of tools that were left out.</summary>
    public ImmutableArray<string> SkippedTools { get; init; } = [];

    /// <summary>What the response repeats.</summary>
    public required RequestedEcho Echo { get; init; }
}

/// <summary>Fields that come back with the response as they were sent; null where they were not.</summary>
internal sealed record RequestedEcho
{
    public long? MaxOutputTokens { get; init; }

    public long? MaxToolCalls { get; init; }

    public bool ParallelToolCalls { get; init; } = true;

    public string? PromptCacheKey { get; init; }

    public string? SafetyIdentifier { get; init; }

    public string? User { get; init; }

    public string? Effort { get; init; }

    public string? Verbosity { get; init; }

    public JsonElement? Format { get; init; }

    public JsonElement? ToolChoice { get; init; }

    public JsonElement? Tools { get; init; }

    public JsonElement? Metadata { get; init; }
}
