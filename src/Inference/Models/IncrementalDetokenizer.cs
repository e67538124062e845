using System.Buffers;
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
    private const int MaxUnfinished = 3;

    private readonly byte[] _heldBytes = new byte[MaxUnfinished];

    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();

    /// <summary>Bytes of an unfinished character at the end of what was appended, 0 to 3: they are in no text yet.</summary>
    public int NumHeld { get; private set; }

    /// <summary>The characters that are complete now; empty while one is unfinished.</summary>
    public string Append(ReadOnlySpan<byte> bytes)
    {
        NumHeld = CountUnfinished(bytes);
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
    public string Flush()
    {
        NumHeld = 0;
        return Decode([], flush: true);
    }

    private int CountUnfinished(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty || bytes[^1] < 0x80)
        {
            return bytes.IsEmpty ? NumHeld : 0;
        }

        // The last three bytes, those held from before included: an unfinished character is no longer.
        Span<byte> tail = stackalloc byte[MaxUnfinished * 2];
        _heldBytes.AsSpan(0, NumHeld).CopyTo(tail);
        var last = bytes[Math.Max(0, bytes.Length - MaxUnfinished)..];
        last.CopyTo(tail[NumHeld..]);
        tail = tail[..(NumHeld + last.Length)];
        for (var length = Math.Min(MaxUnfinished, tail.Length); length > 0; length--)
        {
            if (Rune.DecodeFromUtf8(tail[^length..], out _, out _) == OperationStatus.NeedMoreData)
            {
                tail[^length..].CopyTo(_heldBytes);
                return length;
            }
        }

        return 0;
    }

    private string Decode(ReadOnlySpan<byte> bytes, bool flush)
    {
        // A byte makes one UTF-16 unit at most; bytes held from before may add as many as they are.
        Span<char> chars = stackalloc char[MaxPortion + 4];
        var count = _decoder.GetChars(bytes, chars, flush);
        return count == 0 ? "" : new string(chars[..count]);
    }
}
