using InferenceServer.Inference.Models;

namespace InferenceServer.Inference.Engine;

/// <summary>One thing to compute: a text, a pair of texts for a reranker, or tokens. Immutable; made by the factories.</summary>
public sealed record EmbedInput
{
    private EmbedInput()
    {
    }

    /// <summary>
    /// The text; null if <see cref="Tokens"/> counts. With <see cref="PromptText.AddsSpecial"/> the model's own tokens come around it:
    /// <c>[CLS]</c>, <c>[SEP]</c> and the like.
    /// </summary>
    public PromptText? Text { get; private init; }

    /// <summary>The second text of a pair; null if there is one text.</summary>
    public PromptText? Second { get; private init; }

    /// <summary>Tokens to compute as they are; only without <see cref="Text"/>.</summary>
    public ReadOnlyMemory<int> Tokens { get; private init; }

    /// <summary>True: what is too long loses the end of its last text; false: it is <see cref="EmbedStatus.InputTooLong"/>.</summary>
    public bool Truncate { get; init; }

    /// <summary>A text as the model was trained on it. Nothing in it becomes a control token.</summary>
    public static EmbedInput FromText(string text) => new() { Text = FromRequest(text) };

    /// <summary>A query and a document, one after the other as the model was trained on them.</summary>
    public static EmbedInput FromPair(string query, string document) => new() { Text = FromRequest(query), Second = FromRequest(document) };

    /// <summary>A prompt that already holds all its control tokens.</summary>
    public static EmbedInput FromPrompt(PromptText prompt) => new() { Text = prompt with { AddsSpecial = false } };

    /// <summary>Tokens to compute as they are.</summary>
    public static EmbedInput FromTokens(ReadOnlyMemory<int> tokens) => new() { Tokens = tokens };

    /// <summary>As another process took it apart.</summary>
    internal static EmbedInput FromPrompts(PromptText text, PromptText? second) => new() { Text = text, Second = second };

    private static PromptText FromRequest(string text) => new(text.Length == 0 ? [] : [new PromptSegment(text, FromTemplate: false)]);
}
