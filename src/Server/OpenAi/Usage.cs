namespace InferenceServer.Server.OpenAi;

/// <summary>Tokens of one request. The prompt counts once, whatever <c>n</c> was; completion tokens are summed over the choices.</summary>
internal sealed record Usage
{
    /// <summary>Tokens of the rendered prompt.</summary>
    public required int PromptTokens { get; init; }

    /// <summary>Tokens generated, the end-of-turn token included.</summary>
    public required int CompletionTokens { get; init; }

    /// <summary>Sum of both.</summary>
    public required int TotalTokens { get; init; }

    /// <summary>What the prompt's tokens were.</summary>
    public required PromptTokensDetails PromptTokensDetails { get; init; }

    /// <summary>What the completion's tokens were.</summary>
    public required CompletionTokensDetails CompletionTokensDetails { get; init; }
}

/// <summary>Parts of the prompt tokens.</summary>
internal sealed record PromptTokensDetails
{
    /// <summary>Tokens served from the prefix cache instead of being computed.</summary>
    public required int CachedTokens { get; init; }

    /// <summary>Always 0: text only.</summary>
    public int AudioTokens { get; init; }
}

/// <summary>Parts of the completion tokens.</summary>
internal sealed record CompletionTokensDetails
{
    /// <summary>Tokens of reasoning text.</summary>
    public int ReasoningTokens { get; init; }

    /// <summary>Always 0: text only.</summary>
    public int AudioTokens { get; init; }

    /// <summary>Drafted tokens that were kept.</summary>
    public int AcceptedPredictionTokens { get; init; }

    /// <summary>Drafted tokens that were thrown away.</summary>
    public int RejectedPredictionTokens { get; init; }
}
