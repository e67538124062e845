using System.Globalization;
using System.Text;

namespace InferenceServer.Inference.Models;

/// <summary>The vocabulary in a header, read where it lies: only what is asked for is kept.</summary>
internal static class GgufTokenList
{
    /// <summary>Key of the array.</summary>
    public const string Key = "tokenizer.ggml.tokens";

    // Some vocabularies have tokens of hundreds of spaces or dashes; none comes near this.
    private const int MaxTokenBytes = 16 * 1024;

    /// <summary>
    /// Looks at all tokens once and returns the texts of some of them: null for an id that is not in the list, or after
    /// a fault. Two things are faults because the library ends the process over them, the second one when a request
    /// holds such a byte: a text that occurs twice, and a byte without a token in a vocabulary that falls back on bytes.
    /// </summary>
    /// <param name="reader">Of the file that the list is in.</param>
    /// <param name="list">The value of <see cref="Key"/>.</param>
    /// <param name="fallsBackOnBytes">True for SentencePiece vocabularies: what no token holds is spelt in bytes.</param>
    /// <param name="ids">Whose texts to return.</param>
    public static string?[] ReadTexts(GgufReader reader, GgufValue list, bool fallsBackOnBytes, ReadOnlySpan<long> ids)
    {
        var texts = new string?[ids.Length];
        Span<bool> hasByte = stackalloc bool[256];
        var seen = new HashSet<ulong>();
        reader.SeekTo(list.Position);
        for (var id = 0L; id < list.Count; id++)
        {
            var bytes = reader.ReadTextBytes(MaxTokenBytes, "the vocabulary");
            if (reader.Fault is not null)
            {
                break;
            }

            // The library gives empty tokens names of their own.
            if (!bytes.IsEmpty && !seen.Add(Hash(bytes)))
            {
                reader.Fail(
                    ModelFileError.Malformed,
                    $"has the token {ModelFileFault.Quote(Encoding.UTF8.GetString(bytes))} twice, the second time at {id}");
                break;
            }

            if (TryParseByte(bytes, out var value))
            {
                hasByte[value] = true;
            }

            for (var i = 0; i < ids.Length; i++)
            {
                if (ids[i] == id)
                {
                    texts[i] = Encoding.UTF8.GetString(bytes);
                }
            }
        }

        var missing = hasByte.IndexOf(false);
        if (fallsBackOnBytes && missing >= 0)
        {
            reader.Fail(ModelFileError.Malformed, $"has a vocabulary without a token for the byte 0x{missing:X2}");
        }

        return texts;
    }

    /// <summary>A byte's token is named <c>&lt;0x0A&gt;</c>, or is the byte alone.</summary>
    private static bool TryParseByte(ReadOnlySpan<byte> token, out byte value)
    {
        value = token.Length == 1 ? token[0] : (byte)0;
        return token.Length == 1
            || (token.Length == 6 && token.StartsWith("<0x"u8) && token[5] == (byte)'>'
                && byte.TryParse(token[3..5], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value));
    }

    /// <summary>FNV-1a of 64 bits: two of 256,000 tokens share one by chance once in half a billion vocabularies.</summary>
    private static ulong Hash(ReadOnlySpan<byte> bytes)
    {
        var hash = 0xCBF2_9CE4_8422_2325;
        foreach (var value in bytes)
        {
            hash = (hash ^ value) * 0x0000_0100_0000_01B3;
        }

        return hash;
    }
}
