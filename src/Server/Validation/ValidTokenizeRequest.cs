using InferenceServer.Inference.Models;

namespace InferenceServer.Server.Validation;

/// <summary>A tokenize request, whichever dialect it came in.</summary>
internal sealed record ValidTokenizeRequest
{
    /// <summary>The name the client gave; null if none.</summary>
    public string? Model { get; init; }

    /// <summary>The text; null if <see cref="Chat"/> is to be rendered.</summary>
    public PromptText? Text { get; init; }

    /// <summary>The conversation; null if there is a text.</summary>
    public ValidChatRequest? Chat { get; init; }

    /// <summary>Answer with objects of id and piece, as llama.cpp's server does.</summary>
    public bool WithPieces { get; init; }

    /// <summary>Answer with a list of the tokens' texts, too, as vLLM does.</summary>
    public bool ReturnTexts { get; init; }
}
