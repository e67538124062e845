using System.Text;
using InferenceServer.Inference.Sampling;

namespace InferenceServer.Server.Streaming;

/// <summary>
/// Keeps the log probabilities of tokens until it is known which part of an answer the tokens became: tokens of markers become
/// none. One thread at a time.
/// </summary>
internal sealed class SourceLogProbs
{
    private readonly Queue<Placed> _held = [];

    // As the answer's text is made: bytes that are no character are as many as they become there.
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
    private long _numCharacters;

    /// <summary>Takes the next token.</summary>
    /// <param name="entry">How likely it was.</param>
    /// <param name="text">Its bytes, possibly a part of a character.</param>
    public void Add(TokenLogProbs entry, ReadOnlySpan<byte> text)
    {
        var start = _numCharacters;
        Skip(text);

        // A character that is not whole yet stands right behind the others, with all of its tokens.
        var isUnfinished = _decoder.GetCharCount([], flush: true) > 0;
        _held.Enqueue(new Placed(new PlacedLogProbs(entry, 0), start, _numCharacters + (isUnfinished ? 1 : 0)));
    }

    /// <summary>Takes text that no token reports.</summary>
    /// <param name="text">Its bytes.</param>
    public void Skip(ReadOnlySpan<byte> text)
    {
        Span<char> characters = stackalloc char[64];
        while (!text.IsEmpty)
        {
            _decoder.Convert(text, characters, flush: false, out var numBytes, out var numCharacters, out _);
            text = text[numBytes..];
            _numCharacters += numCharacters;
        }
    }

    /// <summary>Those of the tokens within a part of the output; tokens before it are dropped.</summary>
    /// <param name="start">Characters of the output before the part.</param>
    /// <param name="end">Characters before its end. Not less than in the call before.</param>
    public IReadOnlyList<PlacedLogProbs> Take(long start, long end)
    {
        List<PlacedLogProbs>? taken = null;
        while (_held.TryPeek(out var first) && first.Start < end)
        {
            _held.Dequeue();
            if (first.End > start)
            {
                (taken ??= []).Add(first.Entry);
            }
        }

        return taken ?? (IReadOnlyList<PlacedLogProbs>)[];
    }

    private readonly record struct Placed(PlacedLogProbs Entry, long Start, long End);
}
