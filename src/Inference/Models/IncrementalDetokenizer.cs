using System.Text;

namespace InferenceServer.Inference.Models;

/// <summary>
/// Turns the bytes of tokens, which may end within a character, into text: a fold whose outputs, joined, equal
/// <see cref="Encoding.UTF8"/> over all bytes at once. Holds an unfinished character back (at most three bytes), replaces
/// what can be no character by U+FFFD, and never splits a surrogate pair. One thread at a time.
/// </summary>
internal sealed class IncrementalDetokenizer
{
    // Bytes are turned in portions that fit on the stack; a token is rarely longer than one.
    private const int MaxPortion = 256;

    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();

    /// <summary>The characters that are complete now; empty while one is unfinished.</summary>
    public string Append(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length <= MaxPortion)
        {
            return Decode(bytes, flush: false);
        }

        var text = new StringBuilder(bytes.Length);
        while (!bytes.IsEmpty)
        {
            var portion = bytes[..Math.Min(MaxPortion, bytes.Length)];
            text.Append(Decode(portion, flush: false));
            bytes = bytes[portion.Length..];
        }

        return text.ToString();
    }

    /// <summary>The end: U+FFFD if a character was left unfinished, else empty. Then everything begins anew.</summary>
    public string Flush() => Decode([], flush: true);

    private string Decode(ReadOnlySpan<byte> bytes, bool flush)
    {
        // A byte makes one UTF-16 unit at most; bytes held from before may add as many as they are.
        Span<char> chars = stackalloc char[MaxPortion + 4];
        var count = _decoder.GetChars(bytes, chars, flush);
        return count == 0 ? "" : new string(chars[..count]);
    }
}
