namespace InferenceServer.Inference.Chat;

/// <summary>Why a template could not be rendered.</summary>
public enum TemplateErrorKind
{
    /// <summary>The template itself called <c>raise_exception</c>; the message is the template's, unchanged.</summary>
    Raised,

    /// <summary>An operation failed as it would have in Python: wrong type, undefined value, division by zero.</summary>
    Evaluation,

    /// <summary>A bound on steps, text length or nesting was reached.</summary>
    LimitExceeded,
}
