namespace InferenceServer.Server.OpenAi;

/// <summary>Answer of <c>POST /v1/embeddings</c>.</summary>
internal sealed record EmbeddingsResponse
{
    public string Object { get; init; } = "list";

    /// <summary>One for each input, in their order.</summary>
    public required IReadOnlyList<EmbeddingObject> Data { get; init; }

    /// <summary>Id of the embedding model.</summary>
    public required string Model { get; init; }

    public required InputUsage Usage { get; init; }
}

/// <summary>The embedding of one input.</summary>
internal sealed record EmbeddingObject
{
    public string Object { get; init; } = "embedding";

    /// <summary>Place of the input in the request.</summary>
    public required int Index { get; init; }

    /// <summary>Numbers, or base64 of little-endian 32-bit floats, as asked for.</summary>
    public required EmbeddingVector Embedding { get; init; }
}

/// <summary>Tokens of a request that generates nothing.</summary>
internal sealed record InputUsage
{
    /// <summary>Tokens of all inputs, special ones included.</summary>
    public required int PromptTokens { get; init; }

    /// <summary>The same.</summary>
    public int TotalTokens => PromptTokens;
}
