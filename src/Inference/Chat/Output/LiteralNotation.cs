using System.Collections.Immutable;

namespace InferenceServer.Inference.Chat.Output;

/// <summary>How a format writes values.</summary>
/// <param name="Quotes">What opens a string; the same closes it.</param>
/// <param name="HasEscapes">True: a backslash in a string starts an escape. False: it is a character like any other.</param>
/// <param name="HasBareKeys">True: names of members stand without quotes.</param>
internal sealed record LiteralNotation(ImmutableArray<string> Quotes, bool HasEscapes, bool HasBareKeys)
{
    /// <summary>
    /// JSON and what Python prints for the same value, in one: models mix the two up, and no valid text of one means something
    /// else in the other.
    /// </summary>
    public static readonly LiteralNotation JsonOrPython = new(["\"", "'"], HasEscapes: true, HasBareKeys: false);

    /// <summary>Gemma 4: a control token as quote, bare keys.</summary>
    public static readonly LiteralNotation Gemma = new(["<|\"|>"], HasEscapes: false, HasBareKeys: true);
}
