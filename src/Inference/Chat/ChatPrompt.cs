using System.Collections.Immutable;
using System.Text.Json;

namespace InferenceServer.Inference.Chat;

/// <summary>Everything a chat template is given.</summary>
public sealed record ChatPrompt
{
    /// <summary>The conversation; at least one message.</summary>
    public required ImmutableArray<ChatMessage> Messages { get; init; }

    /// <summary>OpenAI tool objects as the client sent them; empty means the template sees no <c>tools</c> at all.</summary>
    public ImmutableArray<JsonElement> Tools { get; init; } = [];

    /// <summary>True: end with the header of the assistant's next message.</summary>
    public bool AddGenerationPrompt { get; init; } = true;

    /// <summary>
    /// True: the prompt ends right behind the last message's text, which is an assistant's, so that the model goes on with it.
    /// Goes without <see cref="AddGenerationPrompt"/>.
    /// </summary>
    public bool ContinueFinalMessage { get; init; }

    /// <summary>Further template variables (<c>chat_template_kwargs</c>), which win over ours; null if none.</summary>
    public IReadOnlyDictionary<string, JsonElement>? Variables { get; init; }
}
