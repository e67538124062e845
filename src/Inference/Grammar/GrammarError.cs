namespace InferenceServer.Inference.Grammar;

/// <summary>Why a source did not become a grammar, and where.</summary>
/// <param name="Kind">The reason as a program needs it.</param>
/// <param name="Message">The reason for a person, without the place.</param>
/// <param name="Place">A JSON pointer (<c>#/properties/a</c>), <c>offset 12</c>, or a rule's name.</param>
public sealed record GrammarError(GrammarErrorKind Kind, string Message, string Place)
{
    /// <summary>Place and message in one line.</summary>
    public override string ToString() => $"{Place}: {Message}";
}
