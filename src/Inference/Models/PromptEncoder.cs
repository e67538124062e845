using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using InferenceServer.Inference.Native;

namespace InferenceServer.Inference.Models;

/// <summary>
/// Turns a prompt into tokens. A control token's text becomes the token only where a template wrote all of it; everything
/// else is what one call of llama.cpp over the whole prompt would give. Needs a deep stack (<see cref="Tokenizer"/>), but
/// may run on several threads at once.
/// </summary>
internal sealed class PromptEncoder
{
    /// <summary>Tokens that a text may have beyond one per byte: a SentencePiece space prefix of three bytes.</summary>
    private const int ExtraTokens = 16;

    private readonly NativeVocabulary _native;
    private readonly Vocabulary _vocabulary;
    private readonly SpecialTokenFinder _finder;
    private readonly bool _escapeControlTokens;

    /// <param name="native">Where the algorithms are.</param>
    /// <param name="vocabulary">The same vocabulary, copied.</param>
    /// <param name="escapeControlTokens">False: a request's text may hold control tokens too.</param>
    public PromptEncoder(NativeVocabulary native, Vocabulary vocabulary, bool escapeControlTokens)
    {
        _native = native;
        _vocabulary = vocabulary;
        _finder = new SpecialTokenFinder(vocabulary.Special);
        _escapeControlTokens = escapeControlTokens;
    }

    /// <summary>The tokens of a prompt, with the beginning-of-sequence token in front if the model and the prompt want one and it has none.</summary>
    /// <exception cref="OperationCanceledException">Cancelled between two parts of the text.</exception>
    public ReadOnlyMemory<int> Encode(PromptText prompt, CancellationToken cancellationToken)
    {
        var text = ToUtf8(prompt, out var ends);
        var tokens = new List<int>((text.Length / 3) + ExtraTokens);
        var pieces = _finder.Split(text, range => MayBeControl(prompt, ends, range));
        var known = FindKnown(prompt, ends, pieces);
        var done = 0;
        foreach (var piece in pieces)
        {
            var end = piece.Start + piece.Length;
            while (known.TryPeek(out var next) && next.Start < end)
            {
                AddText(text.AsSpan(Math.Min(next.Start, Math.Max(done, piece.Start))..next.Start), tokens, cancellationToken);
                tokens.AddRange(next.Tokens);
                done = next.End;
                known.Dequeue();
            }

            if (end <= done)
            {
                continue;
            }

            if (piece.Token is { } token)
            {
                tokens.Add(token);
            }
            else
            {
                AddText(text.AsSpan(Math.Max(done, piece.Start)..end), tokens, cancellationToken);
            }
        }

        if (prompt.AddsSpecial && _vocabulary.AddsBos && (tokens.Count == 0 || tokens[0] != _vocabulary.Bos))
        {
            tokens.Insert(0, _vocabulary.Bos.GetValueOrDefault());
        }

        return tokens.ToArray();
    }

    /// <summary>The whole prompt, and for every segment where it ends.</summary>
    private static byte[] ToUtf8(PromptText prompt, out int[] ends)
    {
        var text = new byte[prompt.Segments.Sum(segment => Encoding.UTF8.GetByteCount(segment.Text))];
        ends = new int[prompt.Segments.Length];
        var length = 0;
        for (var index = 0; index < ends.Length; index++)
        {
            length += Encoding.UTF8.GetBytes(prompt.Segments[index].Text, text.AsSpan(length));
            ends[index] = length;
        }

        return text;
    }

    /// <summary>
    /// The stretches whose tokens are known, in order. Only those that no text goes on behind without a break: what follows would be cut into other tokens than in the prompt as a whole.
    /// </summary>
    private static Queue<KnownStretch> FindKnown(PromptText prompt, int[] ends, List<TextPiece> pieces)
    {
        var known = new Queue<KnownStretch>();
        for (var index = 0; index < ends.Length; index++)
        {
            var (start, end) = (index == 0 ? 0 : ends[index - 1], ends[index]);
            if (!prompt.Segments[index].Tokens.IsDefaultOrEmpty && !pieces.Exists(piece => piece.Crosses(end) || (piece.Token is not null && piece.Crosses(start))))
            {
                known.Enqueue(new KnownStretch(start, end, prompt.Segments[index].Tokens));
            }
        }

        return known;
    }

    private bool MayBeControl(PromptText prompt, int[] ends, Range range)
    {
        if (!_escapeControlTokens)
        {
            return true;
        }

        // Neighbours have different authors, so a text of one author lies within one segment.
        var last = range.End.Value - 1;
        var found = Array.BinarySearch(ends, last);
        var segment = found >= 0 ? found + 1 : ~found;
        var start = segment == 0 ? 0 : ends[segment - 1];
        return prompt.Segments[segment].FromTemplate && range.Start.Value >= start;
    }

    private void AddText(ReadOnlySpan<byte> text, List<int> tokens, CancellationToken cancellationToken)
    {
        while (!text.IsEmpty)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var length = _vocabulary.Kind == VocabularyKind.BytePair ? LongTextCutter.FindCut(text) : text.Length;
            AddPart(text[..length], tokens);
            text = text[length..];
        }
    }

    private void AddPart(ReadOnlySpan<byte> text, List<int> tokens)
    {
        var buffer = ArrayPool<int>.Shared.Rent(text.Length + ExtraTokens);
        try
        {
            var count = _native.Tokenize(text, buffer, addSpecial: false, parseSpecial: false);
            if (count is < 0 and > int.MinValue)
            {
                ArrayPool<int>.Shared.Return(buffer);
                buffer = ArrayPool<int>.Shared.Rent(-count);
                count = _native.Tokenize(text, buffer, addSpecial: false, parseSpecial: false);
            }

            if (count < 0)
            {
                throw new InvalidOperationException($"llama_tokenize gave {count} for {text.Length} bytes.");
            }

            tokens.AddRange(buffer.AsSpan(0, count));
        }
        finally
        {
            ArrayPool<int>.Shared.Return(buffer);
        }
    }

    // In bytes.
    private readonly record struct KnownStretch(int Start, int End, ImmutableArray<int> Tokens);
}
