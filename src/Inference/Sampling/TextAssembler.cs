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

    // Markers behind text that is held back, and after how many bytes of text each comes.
    private readonly Queue<(long At, byte[] Bytes)> _heldMarkers = [];
    private readonly int _minTokens;
    private readonly bool _includesStop;
    private long _numReleased;
    private long _numUnwatched;
    private int _numTokens;

    /// <summary>An assembler for one choice of one request.</summary>
    /// <param name="stops">As in the request given to the engine; none empty.</param>
    /// <param name="minTokens">As in the request given to the engine: so many tokens are not searched for stop texts.</param>
    /// <param name="includesStop">True: the stop text that matched is shown.</param>
    public TextAssembler(ImmutableArray<string> stops, int minTokens = 0, bool includesStop = false)
    {
        _matcher = new StopMatcher(stops);
        _minTokens = minTokens;
        _includesStop = includesStop;
    }

    /// <summary>True once a stop text has matched; what is appended later is dropped.</summary>
    public bool Stopped => _matcher.MatchedStop is not null;

    /// <summary>Bytes of appended tokens, markers not counted, that are in the text given out so far; after <see cref="Flush"/>, the length of all of it.</summary>
    public long NumShownBytes => _numUnwatched + _numReleased - _detokenizer.NumHeld;

    /// <summary>The stop text that matched; null as long as none did.</summary>
    public string? MatchedStop => _matcher.MatchedStop;

    /// <summary>Takes a token and returns the text that is certain now; often empty.</summary>
    /// <param name="bytes">The token's bytes, possibly part of a character.</param>
    /// <param name="isControl">True: a marker that is no text. It neither shows nor parts the text around it.</param>
    public string Append(ReadOnlySpan<byte> bytes, bool isControl)
    {
        var isWatched = _numTokens++ >= _minTokens;
        if (isControl || Stopped)
        {
            return "";
        }

        if (!isWatched)
        {
            _numUnwatched += bytes.Length;
            return _detokenizer.Append(bytes);
        }

        _matcher.Feed(bytes);
        var end = Stopped && _includesStop ? _matcher.NumFed : _matcher.NumSafe;
        var numSafe = (int)(end - _numReleased);
        if (_held.Count == 0 && numSafe == bytes.Length)
        {
            _numReleased += numSafe;
            return _detokenizer.Append(bytes);
        }

        _held.AddRange(bytes);
        return Release(numSafe);
    }

    /// <summary>
    /// Takes a control token that shows in its place of the text, though no stop text is searched for in it. Its bytes do not
    /// count in <see cref="NumShownBytes"/>.
    /// </summary>
    public string AppendMarker(ReadOnlySpan<byte> bytes)
    {
        _numTokens++;
        if (Stopped)
        {
            return "";
        }

        if (_held.Count == 0)
        {
            return _detokenizer.Append(bytes);
        }

        _heldMarkers.Enqueue((_numReleased + _held.Count, bytes.ToArray()));
        return "";
    }

    /// <summary>The end of the generation: the text held back, unless it belongs to the stop text that matched.</summary>
    public string Flush() => (Stopped ? "" : Release(_held.Count)) + _detokenizer.Flush();

    private string Release(int count)
    {
        var text = "";
        while (_heldMarkers.TryPeek(out var marker) && marker.At <= _numReleased + count)
        {
            var before = (int)(marker.At - _numReleased);
            text += ReleaseText(before) + _detokenizer.Append(_heldMarkers.Dequeue().Bytes);
            count -= before;
        }

        return text + ReleaseText(count);
    }

    private string ReleaseText(int count)
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
