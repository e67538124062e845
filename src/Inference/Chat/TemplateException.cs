namespace InferenceServer.Inference.Chat;

/// <summary>
/// A chat template refused a conversation or failed on it. The request is at fault as far as a client can tell, so the
/// message is meant for the client.
/// </summary>
public sealed class TemplateException(string message, TemplateErrorKind kind) : Exception(message)
{
    /// <summary>Why it failed.</summary>
    public TemplateErrorKind Kind { get; } = kind;

    /// <summary>Line of the template, from 1, of the statement that failed; 0 if not known.</summary>
    public int Line { get; internal set; }
}
