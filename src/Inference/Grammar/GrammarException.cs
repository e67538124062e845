namespace InferenceServer.Inference.Grammar;

/// <summary>Carries a <see cref="GrammarError"/> out of a compiler's depths; never leaves <see cref="GrammarCompiler"/>.</summary>
internal sealed class GrammarException(GrammarErrorKind kind, string message, string place) : Exception(message)
{
    /// <summary>What is wrong and where.</summary>
    public GrammarError Error { get; } = new(kind, message, place);
}
