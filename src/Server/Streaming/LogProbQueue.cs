using InferenceServer.Inference.Sampling;

namespace InferenceServer.Server.Streaming;

/// <summary>
/// Keeps the log probabilities of tokens back as long as the tokens' text is held back, so that what a client has seen of
/// both always says the same. One thread at a time.
/// </summary>
internal sealed class LogProbQueue
{
    private readonly Queue<Held> _held = [];
    private readonly List<PlacedLogProbs> _ready = [];
    private long _numBytes;
    private int _numCharacters;

    /// <summary>Those that belong to text shown since the last <see cref="Clear"/>, in order.</summary>
    public IReadOnlyList<PlacedLogProbs> Ready => _ready;

    /// <summary>Forgets what was ready.</summary>
    public void Clear() => _ready.Clear();

    /// <summary>Takes the next token.</summary>
    /// <param name="entry">How likely it was.</param>
    /// <param name="text">Its bytes of the text; empty if it is no text.</param>
    public void Add(TokenLogProbs entry, ReadOnlySpan<byte> text)
    {
        // A token that begins within a character stands where the character does.
        var isWithin = text.Length > 0 && IsContinuation(text[0]);
        _held.Enqueue(new Held(new PlacedLogProbs(entry, _numCharacters - (isWithin ? 1 : 0)), _numBytes, _numBytes + text.Length));
        Skip(text);
    }

    /// <summary>Takes text that no token reports.</summary>
    public void Skip(ReadOnlySpan<byte> text)
    {
        _numBytes += text.Length;
        foreach (var value in text)
        {
            _numCharacters += IsContinuation(value) ? 0 : 1;
        }
    }

    /// <summary>So many bytes of the text are shown now: readies the tokens that lie within them.</summary>
    public void Show(long numBytes)
    {
        while (_held.TryPeek(out var first) && first.End <= numBytes)
        {
            _ready.Add(_held.Dequeue().Entry);
        }
    }

    /// <summary>The text is over: readies the tokens of which a part is shown, drops those behind it.</summary>
    /// <param name="numBytes">Length of the whole text.</param>
    public void End(long numBytes)
    {
        while (_held.TryDequeue(out var first))
        {
            if (first.Start < numBytes || first.End <= numBytes)
            {
                _ready.Add(first.Entry);
            }
        }
    }

    private static bool IsContinuation(byte value) => (value & 0xC0) == 0x80;

    private readonly record struct Held(PlacedLogProbs Entry, long Start, long End);
}
