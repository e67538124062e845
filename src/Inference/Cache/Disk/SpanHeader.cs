namespace InferenceServer.Inference.Cache.Disk;

/// <summary>What a file of the disk tier says of the KV in it.</summary>
/// <param name="Before">The prefix before its first token; the fingerprint and the salt are in it.</param>
/// <param name="Start">Position of its first token.</param>
/// <param name="Tokens">Its tokens.</param>
/// <param name="ConversationLength">Tokens of the conversation that it was written for: what it was worth.</param>
internal sealed record SpanHeader(PrefixName Before, int Start, ReadOnlyMemory<int> Tokens, int ConversationLength)
{
    /// <summary>Names the file by content: the same tokens after the same prefix have the same name.</summary>
    public string FileName => Before.Append(Tokens.Span).Value.ToString("x32", System.Globalization.CultureInfo.InvariantCulture);
}
