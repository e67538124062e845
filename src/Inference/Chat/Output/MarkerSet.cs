using System.Buffers;
using System.Collections.Immutable;

namespace InferenceServer.Inference.Chat.Output;

/// <summary>Finds the first of several markers in text that is still being written. Immutable; any thread.</summary>
internal sealed class MarkerSet
{
    private readonly ImmutableArray<string> _markers;
    private readonly SearchValues<char> _firsts;

    /// <param name="markers">None empty, none the beginning of another.</param>
    public MarkerSet(IEnumerable<string> markers)
    {
        _markers = [.. markers];
        _firsts = SearchValues.Create([.. _markers.Select(marker => marker[0]).Distinct()]);
    }

    /// <summary>Finds the first place where a marker is or may become one.</summary>
    /// <param name="text">The text so far.</param>
    /// <param name="ended">True: no text follows.</param>
    /// <returns>Length of the text before that place, and the marker there: null if there is none yet.</returns>
    public (int Before, string? Marker) Find(ReadOnlySpan<char> text, bool ended)
    {
        for (var at = 0; at < text.Length; at++)
        {
            var next = text[at..].IndexOfAny(_firsts);
            if (next < 0)
            {
                break;
            }

            at += next;
            var rest = text[at..];
            foreach (var marker in _markers)
            {
                if (rest.StartsWith(marker, StringComparison.Ordinal))
                {
                    return (at, marker);
                }

                if (!ended && marker.AsSpan().StartsWith(rest, StringComparison.Ordinal))
                {
                    return (at, null);
                }
            }
        }

        return (text.Length, null);
    }
}
