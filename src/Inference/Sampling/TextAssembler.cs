using System.Collections.Immutable;
using System.Runtime.InteropServices;
using InferenceServer.Inference.Models;

namespace InferenceServer.Inference.Sampling;

/// <summary>
/// Text of one generation on the host's side of the engine: takes the bytes of its tokens, gives the characters that a
/// client may see. No broken character and no part of a stop text ever comes out; text that may still become a stop text
/// is held back. One thread at a time.
/// </summary>
public sealed class TextAssembler
{
    private readonly StopMatcher _matcher;
    private readonly IncrementalDetokenizer _detokenizer = new();

    // Bytes fed to the matcher and not released yet; shorter than the longest stop text between two calls.
    private readonly List<byte> _held = [];
    private long _numReleased;

    /// <summary>An assembler for one choice of one request.</summary>
    /// <param name="stops">As in the request given to the engine; none empty.</param>
    public TextAssembler(ImmutableArray<string> stops) => _matcher = new StopMatcher(stops);

    /// <summary>True once a stop text has matched; what is appended later is dropped.</summary>
    public bool Stopped => _matcher.MatchedStop is not null;

    /// <summary>The stop text that matched; null as long as none did.</summary>
    public string? MatchedStop => _matcher.MatchedStop;

    /// <summary>Takes a token and returns the text that is certain now; often empty.</summary>
    /// <param name="bytes">The token's bytes, possibly part of a character.</param>
    /// <param name="isControl">True: a marker that is no text. It neither shows nor parts the text around it.</param>
    public string Append(ReadOnlySpan<byte> bytes, bool isControl)
    {
        if (isControl || Stopped)
        {
            return "";
        }

        _matcher.Feed(bytes);
        var numSafe = (int)(_matcher.NumSafe - _numReleased);
        if (_held.Count == 0 && numSafe == bytes.Length)
        {
            _numReleased += numSafe;
            return _detokenizer.Append(bytes);
        }

        _held.AddRange(bytes);
        return Release(numSafe);
    }

    /// <summary>The end of the generation: the text held back, unless it belongs to the stop text that matched.</summary>
    public string Flush() => (Stopped ? "" : Release(_held.Count)) + _detokenizer.Flush();

    private string Release(int count)
    {
        if (count == 0)
        {
            return "";
        }

        var text = _detokenizer.Append(CollectionsMarshal.AsSpan(_held)[..count]);
        _held.RemoveRange(0, count);
        _numReleased += count;
        return text;
    }
}
