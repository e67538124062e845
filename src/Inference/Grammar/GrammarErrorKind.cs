namespace InferenceServer.Inference.Grammar;

/// <summary>Why a source did not become a grammar. All are the client's fault.</summary>
public enum GrammarErrorKind
{
    /// <summary>The source is not well-formed, or a keyword has a value it cannot have.</summary>
    Invalid,

    /// <summary>The source asks for something that cannot be enforced.</summary>
    Unsupported,

    /// <summary>A bound on size, nesting or time was reached.</summary>
    TooComplex,

    /// <summary>A rule begins with itself, so no byte would ever decide it.</summary>
    LeftRecursion,

    /// <summary>No text of finite length and within the nesting limit fits.</summary>
    Unsatisfiable,
}
