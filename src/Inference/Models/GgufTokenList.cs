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
    /// a fault. A text that occurs twice is a fault, because the library aborts the process over it.
    /// </summary>
    public static string?[] ReadTexts(GgufReader reader, GgufValue list, ReadOnlySpan<long> ids)
    {
        var texts = new string?[ids.Length];
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

            for (var i = 0; i < ids.Length; i++)
            {
                if (ids[i] == id)
                {
                    texts[i] = Encoding.UTF8.GetString(bytes);
                }
            }
        }

        return texts;
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
