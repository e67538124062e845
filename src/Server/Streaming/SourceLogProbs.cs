using InferenceServer.Inference.Sampling;

namespace InferenceServer.Server.Streaming;

/// <summary>
/// Keeps the log probabilities of tokens until it is known which part of an answer the tokens became: tokens of markers become
/// none. One thread at a time.
/// </summary>
internal sealed class SourceLogProbs
{
    private readonly Queue<Placed> _held = [];
    private long _numCharacters;

    /// <summary>Takes the next token.</summary>
    /// <param name="entry">How likely it was.</param>
    /// <param name="text">Its bytes, possibly a part of a character.</param>
    public void Add(TokenLogProbs entry, ReadOnlySpan<byte> text)
    {
        var start = _numCharacters;
        foreach (var value in text)
        {
            // UTF-16 units: a character begins with its first byte, one of four bytes is two units.
            _numCharacters += (value & 0xC0) == 0x80 ? 0 : value >= 0xF0 ? 2 : 1;
        }

        // A token that begins within a character stands where the character does.
        var isWithin = text.Length > 0 && (text[0] & 0xC0) == 0x80;
        _held.Enqueue(new Placed(new PlacedLogProbs(entry, 0), isWithin ? start - 1 : start, _numCharacters));
    }

    /// <summary>Takes characters that no token reports.</summary>
    public void Skip(int numCharacters) => _numCharacters += numCharacters;

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
