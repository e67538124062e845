namespace InferenceServer.Inference.Chat.Output;

/// <summary>What may be the name of a function.</summary>
internal static class CallNames
{
    // Twice what OpenAI allows; beyond that it is text that was taken for a name.
    private const int MaxLength = 128;

    /// <summary>True: it can be a name. Wider than OpenAI's rule, since servers of tools use dots, colons and slashes.</summary>
    public static bool IsPossible(string name) => name.Length is > 0 and <= MaxLength && name.All(IsPart);

    public static bool IsPart(char c) => char.IsLetterOrDigit(c) || c is '_' or '-' or '.' or ':' or '/';
}
