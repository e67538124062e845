namespace InferenceServer.Inference.Models;

/// <summary>What is wrong with a file.</summary>
/// <param name="Error">The kind.</param>
/// <param name="Message">The rest of a sentence that begins with the path; one line, no full stop.</param>
internal sealed record ModelFileFault(ModelFileError Error, string Message)
{
    // Longer names are cut: messages are read by people.
    private const int MaxQuoted = 80;

    /// <summary>The file that the message is about; null if it is the one that was named.</summary>
    public string? Path { get; init; }

    /// <summary>Text from a file, fit to stand in a message: on one line, not too long, in quotes.</summary>
    public static string Quote(string text)
    {
        var cut = text.Length > MaxQuoted ? text[..MaxQuoted] + "..." : text;
        return $"'{string.Concat(cut.Select(unit => char.IsControl(unit) || char.IsSurrogate(unit) ? '?' : unit))}'";
    }
}
