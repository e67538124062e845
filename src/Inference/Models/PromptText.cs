using System.Collections.Immutable;

namespace InferenceServer.Inference.Models;

/// <summary>
/// A rendered prompt that remembers who wrote which part. Neighbouring segments always differ in
/// <see cref="PromptSegment.FromTemplate"/>; empty segments do not occur. Joined, the segments are the rendered text.
/// </summary>
public sealed record PromptText(ImmutableArray<PromptSegment> Segments)
{
    /// <summary>False: exactly the text's tokens, without the beginning of a sequence that the model may want in front.</summary>
    public bool AddsSpecial { get; init; } = true;

    /// <summary>Text that is tokenized with every control token in it parsed, as if a template had written all of it.</summary>
    public static PromptText Trusted(string text) => new(text.Length == 0 ? [] : [new PromptSegment(text, FromTemplate: true)]);

    /// <summary>The whole text.</summary>
    public override string ToString() => string.Concat(Segments.Select(segment => segment.Text));
}

/// <summary>
/// A run of characters with one author. A control token's text becomes the control token only if all its characters come
/// from the template; otherwise it is ordinary text.
/// </summary>
/// <param name="Text">At least one UTF-16 unit.</param>
/// <param name="FromTemplate">True: the template wrote it. False: it came from the request.</param>
public readonly record struct PromptSegment(string Text, bool FromTemplate)
{
    /// <summary>
    /// The tokens that the model picked when it wrote the text; default: it did not, or nobody knows. They are taken instead of the encoded text, which may be cut into other tokens,
    /// where the text ends at a control token or with the prompt.
    /// </summary>
    public ImmutableArray<int> Tokens { get; init; }
}
