namespace InferenceServer.Server.OpenAi;

/// <summary>Answer of <c>GET /v1/models</c>, for OpenAI's and Anthropic's clients alike.</summary>
internal sealed record ModelList
{
    public string Object { get; init; } = "list";

    public required IReadOnlyList<ModelObject> Data { get; init; }

    /// <summary>Always false: Anthropic's clients would ask for more.</summary>
    public bool HasMore { get; init; }

    /// <summary>Id of the first.</summary>
    public string FirstId => Data[0].Id;

    /// <summary>Id of the last.</summary>
    public string LastId => Data[^1].Id;
}

/// <summary>A served model, with the keys that other local servers add and clients read.</summary>
internal sealed record ModelObject
{
    public required string Id { get; init; }

    public string Object { get; init; } = "model";

    /// <summary>When the model's file was written, in seconds since 1970.</summary>
    public required long Created { get; init; }

    public string OwnedBy { get; init; } = "local";

    /// <summary>For Anthropic's clients.</summary>
    public string Type { get; init; } = "model";

    /// <summary>The name in the model's file, for people.</summary>
    public required string DisplayName { get; init; }

    /// <summary>The same as <see cref="Created"/>, as Anthropic's clients read it.</summary>
    public DateTimeOffset CreatedAt => DateTimeOffset.FromUnixTimeSeconds(Created);

    /// <summary>Further names that mean this model.</summary>
    public required IReadOnlyList<string> Aliases { get; init; }

    /// <summary>Tokens that one request may use, prompt and answer together.</summary>
    public required int MaxModelLen { get; init; }

    /// <summary>The same, under the name that other clients read.</summary>
    public required int ContextLength { get; init; }

    public required ModelMeta Meta { get; init; }
}

/// <summary>What the model's file says, in the words of llama.cpp's server.</summary>
internal sealed record ModelMeta
{
    /// <summary>Tokens that one request may use.</summary>
    public required int NCtx { get; init; }

    /// <summary>Tokens the model was trained for.</summary>
    public required int NCtxTrain { get; init; }

    public required int NVocab { get; init; }

    public required int NEmbd { get; init; }

    public required long NParams { get; init; }

    /// <summary>Bytes of the file or of all its shards.</summary>
    public required long Size { get; init; }

    public required string Architecture { get; init; }

    /// <summary>Name of the quantization; null if the file does not say.</summary>
    public required string? Quantization { get; init; }
}
