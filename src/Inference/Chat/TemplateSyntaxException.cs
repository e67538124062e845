namespace InferenceServer.Inference.Chat;

/// <summary>A chat template cannot be parsed. The model file or the operator's template file is at fault.</summary>
public sealed class TemplateSyntaxException(string message, int line) : Exception($"line {line}: {message}")
{
    /// <summary>Line of the template, from 1.</summary>
    public int Line { get; } = line;
}
