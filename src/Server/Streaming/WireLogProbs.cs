using System.Globalization;
using System.Text;
using System.Text.Unicode;
using InferenceServer.Inference.Sampling;
using InferenceServer.Server.OpenAi;

namespace InferenceServer.Server.Streaming;

/// <summary>Log probabilities in OpenAI's shapes.</summary>
internal static class WireLogProbs
{
    // OpenAI's number for "very unlikely"; JSON has no infinity.
    private const float Impossible = -9999f;

    /// <summary>For chat answers and chunks.</summary>
    public static ChatLogProbs ToChat(IEnumerable<PlacedLogProbs> tokens) => new()
    {
        Content = [.. tokens.Select(token => new ChatTokenLogProb
        {
            Token = TextOf(token.Entry.Chosen),
            LogProb = Finite(token.Entry.Chosen.LogProb),
            Bytes = BytesOf(token.Entry.Chosen),
            TopLogProbs = [.. token.Entry.Top.Select(other => new ChatTopLogProb { Token = TextOf(other), LogProb = Finite(other.LogProb), Bytes = BytesOf(other) })],
        })],
    };

    /// <summary>For completions and their chunks.</summary>
    public static CompletionLogProbs ToCompletion(IReadOnlyList<PlacedLogProbs> tokens) => new()
    {
        Tokens = [.. tokens.Select(token => NameOf(token.Entry.Chosen))],
        TokenLogProbs = [.. tokens.Select(token => token.Entry.Top.IsDefault ? (float?)null : Finite(token.Entry.Chosen.LogProb))],
        TopLogProbs = [.. tokens.Select(token => TopOf(token.Entry))],
        TextOffset = [.. tokens.Select(token => token.TextOffset)],
    };

    /// <summary>The number as JSON can have it.</summary>
    public static float Finite(float logProb) => logProb > Impossible ? logProb : Impossible; // also for NaN

    private static Dictionary<string, float>? TopOf(TokenLogProbs entry)
    {
        if (entry.Top.IsDefault)
        {
            return null;
        }

        // Tokens of the same text share a key: the likelier one has it. The chosen one is always there, as clients look for it.
        var top = new Dictionary<string, float>(entry.Top.Length + 1, StringComparer.Ordinal);
        foreach (var other in entry.Top)
        {
            top.TryAdd(NameOf(other), Finite(other.LogProb));
        }

        top.TryAdd(NameOf(entry.Chosen), Finite(entry.Chosen.LogProb));
        return top;
    }

    // As OpenAI and vLLM name tokens that are a part of a character.
    private static string NameOf(TokenLogProb token)
    {
        if (Utf8.IsValid(token.Bytes.Span))
        {
            return TextOf(token);
        }

        var name = new StringBuilder("bytes:");
        foreach (var value in token.Bytes.Span)
        {
            name.Append(CultureInfo.InvariantCulture, $"\\x{value:x2}");
        }

        return name.ToString();
    }

    private static string TextOf(TokenLogProb token) => Encoding.UTF8.GetString(token.Bytes.Span);

    private static int[] BytesOf(TokenLogProb token)
    {
        var bytes = new int[token.Bytes.Length];
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] = token.Bytes.Span[i];
        }

        return bytes;
    }
}
