namespace InferenceServer.Server.LlamaServer;

/// <summary>Answer of <c>GET /props</c>.</summary>
internal sealed record ServerProperties
{
    /// <summary>What a request gets that says nothing.</summary>
    public required DefaultGenerationSettings DefaultGenerationSettings { get; init; }

    /// <summary>Sequences that may run at once.</summary>
    public required int TotalSlots { get; init; }

    /// <summary>Id of the model.</summary>
    public required string ModelAlias { get; init; }

    /// <summary>Name of the model's file, without its folder.</summary>
    public required string ModelPath { get; init; }

    public Modalities Modalities { get; init; } = new();

    /// <summary>In Jinja.</summary>
    public required string ChatTemplate { get; init; }

    /// <summary>Text of the beginning-of-sequence token; empty if there is none.</summary>
    public required string BosToken { get; init; }

    /// <summary>Text of the end-of-sequence token; empty if there is none.</summary>
    public required string EosToken { get; init; }

    /// <summary>This program and its version.</summary>
    public required string BuildInfo { get; init; }
}

/// <summary>What a request gets that says nothing.</summary>
internal sealed record DefaultGenerationSettings
{
    /// <summary>Tokens that one request may use, prompt and answer together.</summary>
    public required int NCtx { get; init; }

    public required DefaultSampling Params { get; init; }
}

/// <summary>Sampling values of a request that gives none.</summary>
internal sealed record DefaultSampling
{
    public required float Temperature { get; init; }

    public required float TopP { get; init; }

    public required int TopK { get; init; }

    public required float MinP { get; init; }

    public required float RepeatPenalty { get; init; }

    public required int RepeatLastN { get; init; }

    public required float PresencePenalty { get; init; }

    public required float FrequencyPenalty { get; init; }
}

/// <summary>What the model takes besides text: nothing.</summary>
internal sealed record Modalities
{
    public bool Vision { get; init; }

    public bool Audio { get; init; }
}

/// <summary>A place for a sequence, and which one runs there. Never text.</summary>
internal sealed record Slot
{
    /// <summary>From 0; those in use come first.</summary>
    public required int Id { get; init; }

    /// <summary>Number of the sequence; -1 if the place is free.</summary>
    public required long IdTask { get; init; }

    /// <summary>Tokens that one request may use.</summary>
    public required int NCtx { get; init; }

    /// <summary>Always false.</summary>
    public bool Speculative { get; init; }

    /// <summary>True: a sequence runs.</summary>
    public required bool IsProcessing { get; init; }

    /// <summary>Tokens of the request's prompts.</summary>
    public required int NPromptTokens { get; init; }

    /// <summary>Of the sequence's prompt, tokens from the prefix cache.</summary>
    public required int NPromptTokensCache { get; init; }

    public required SlotProgress NextToken { get; init; }
}

/// <summary>How far a sequence has come.</summary>
/// <param name="NDecoded">Tokens generated.</param>
internal sealed record SlotProgress(int NDecoded);
