namespace InferenceServer.Server.OpenAi;

/// <summary>
/// The fields of <c>POST /tokenize</c> that this server reads: one of <c>content</c> (llama.cpp's server), <c>prompt</c> and
/// <c>messages</c> (vLLM; with all that a chat request may say about its prompt). Others are ignored.
/// </summary>
internal sealed record TokenizeRequest
{
    /// <summary>A text.</summary>
    public string? Content { get; init; }

    /// <summary>With <c>content</c>: put the beginning-of-sequence token in front if the model wants one. Default false.</summary>
    public bool? AddSpecial { get; init; }

    /// <summary>With <c>content</c>: names of control tokens become those tokens. Default true.</summary>
    public bool? ParseSpecial { get; init; }

    /// <summary>With <c>content</c>: answer with each token's text, too. Default false.</summary>
    public bool? WithPieces { get; init; }

    /// <summary>A text, in which names of control tokens become those tokens.</summary>
    public string? Prompt { get; init; }

    /// <summary>
    /// With <c>prompt</c>: put the beginning-of-sequence token in front if the model wants one. Default true. Ignored with
    /// <c>messages</c>, which become the tokens that a chat would.
    /// </summary>
    public bool? AddSpecialTokens { get; init; }

    /// <summary>With <c>prompt</c> and <c>messages</c>: answer with each token's text, too. Default false.</summary>
    public bool? ReturnTokenStrs { get; init; }

    /// <summary>A conversation, as in a chat request.</summary>
    public IReadOnlyList<ChatRequestMessage>? Messages { get; init; }

    /// <summary>Id or alias of the chat model. Any name is taken unless the server is strict about it.</summary>
    public string? Model { get; init; }
}

/// <summary>The fields of <c>POST /detokenize</c>.</summary>
internal sealed record DetokenizeRequest
{
    /// <summary>Token ids of the chat model.</summary>
    public required IReadOnlyList<int> Tokens { get; init; }

    /// <summary>Id or alias of the chat model. Any name is taken unless the server is strict about it.</summary>
    public string? Model { get; init; }
}
