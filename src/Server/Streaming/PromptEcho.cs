using System.Collections.Immutable;
using System.Text;
using InferenceServer.Inference.Models;
using InferenceServer.Inference.Sampling;

namespace InferenceServer.Server.Streaming;

/// <summary>A prompt that its answer begins with. Immutable; shared by the prompt's choices.</summary>
/// <param name="text">As the client sent it, or as its tokens spell it.</param>
/// <param name="pieces">Its tokens, if their log probabilities are reported; else empty.</param>
internal sealed class PromptEcho(string text, ImmutableArray<TokenPiece> pieces)
{
    /// <summary>The text.</summary>
    public string Text { get; } = text;

    /// <summary>True: the log probabilities of the prompt's tokens are awaited and reported.</summary>
    public bool IsScored => pieces.Length > 0;

    /// <summary>Bytes of the text.</summary>
    public int NumBytes { get; } = Encoding.UTF8.GetByteCount(text);

    /// <summary>Puts the tokens with their log probabilities into a queue, each in its place of the text.</summary>
    /// <param name="queue">Empty.</param>
    /// <param name="scores">Of all tokens but the first.</param>
    public void AddTo(LogProbQueue queue, IReadOnlyList<TokenLogProbs> scores)
    {
        ReadOnlySpan<byte> rest = Encoding.UTF8.GetBytes(Text);
        for (var index = 0; index < pieces.Length; index++)
        {
            var piece = pieces[index];
            var length = CountMatch(rest, piece.Bytes.Span);
            var entry = index == 0
                ? new TokenLogProbs(new TokenLogProb(piece.TokenId, float.NaN, piece.Bytes, piece.IsControl), default)
                : scores[index - 1];
            queue.Add(entry, rest[..length]);
            rest = rest[length..];
        }

        // Characters that the tokenizer changed belong to no token.
        queue.Skip(rest);
    }

    // A token that the text does not have there (a beginning of sequence, the space that SentencePiece puts in front) takes no place in it.
    private static int CountMatch(ReadOnlySpan<byte> text, ReadOnlySpan<byte> piece)
    {
        if (!text.StartsWith(piece) && piece.Length > 0 && piece[0] == (byte)' ')
        {
            piece = piece[1..];
        }

        return text.StartsWith(piece) ? piece.Length : 0;
    }
}
