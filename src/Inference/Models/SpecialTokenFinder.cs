using System.Buffers;
using System.Collections;
using System.Collections.Immutable;

namespace InferenceServer.Inference.Models;

/// <summary>
/// Cuts text at special tokens exactly as llama.cpp does: token by token, the longest text first, each from left to right
/// in what the ones before it left over. Immutable; any thread.
/// </summary>
internal sealed class SpecialTokenFinder
{
    private readonly ImmutableArray<SpecialToken> _tokens;
    private readonly SearchValues<byte> _firstBytes;

    // A trie of all texts: children by node and byte, and the tokens that end at a node. Node 0 is the root.
    private readonly Dictionary<(int Node, byte Byte), int> _children = [];
    private readonly List<List<int>> _ends = [[]];

    /// <param name="tokens">The vocabulary's special tokens, the longest first.</param>
    public SpecialTokenFinder(ImmutableArray<SpecialToken> tokens)
    {
        _tokens = tokens;
        _firstBytes = SearchValues.Create([.. tokens.Select(token => token.Text[0]).Distinct()]);
        for (var index = 0; index < tokens.Length; index++)
        {
            var node = 0;
            foreach (var value in tokens[index].Text)
            {
                if (!_children.TryGetValue((node, value), out var child))
                {
                    child = _ends.Count;
                    _children.Add((node, value), child);
                    _ends.Add([]);
                }

                node = child;
            }

            _ends[node].Add(index);
        }
    }

    /// <summary>The pieces of a text in order: special tokens and what lies between them. White space that a token swallows is in no piece.</summary>
    /// <param name="text">UTF-8.</param>
    /// <param name="mayBeControl">Says for a range of bytes whether a control token may be there; user-defined ones may be anywhere.</param>
    public List<TextPiece> Split(ReadOnlySpan<byte> text, Func<Range, bool> mayBeControl)
    {
        List<TextPiece> pieces = text.IsEmpty ? [] : [new TextPiece(0, text.Length, Token: null)];
        var present = FindPresent(text);
        for (var index = 0; index < _tokens.Length; index++)
        {
            if (present[index])
            {
                pieces = SplitAt(_tokens[index], text, pieces, mayBeControl);
            }
        }

        return pieces;
    }

    /// <summary>Which tokens' texts occur at all, in one pass: most vocabularies have hundreds, most prompts a handful.</summary>
    private BitArray FindPresent(ReadOnlySpan<byte> text)
    {
        var present = new BitArray(_tokens.Length);
        for (var start = text.IndexOfAny(_firstBytes); start >= 0;)
        {
            var node = 0;
            for (var position = start; position < text.Length && _children.TryGetValue((node, text[position]), out node); position++)
            {
                foreach (var index in _ends[node])
                {
                    present[index] = true;
                }
            }

            var next = text[(start + 1)..].IndexOfAny(_firstBytes);
            start = next < 0 ? -1 : start + 1 + next;
        }

        return present;
    }

    private static List<TextPiece> SplitAt(SpecialToken token, ReadOnlySpan<byte> text, List<TextPiece> pieces, Func<Range, bool> mayBeControl)
    {
        var result = new List<TextPiece>(pieces.Count + 2);
        foreach (var piece in pieces)
        {
            if (piece.Token is not null)
            {
                result.Add(piece);
                continue;
            }

            var start = piece.Start;
            var end = piece.Start + piece.Length;
            for (var match = Find(token, text[..end], start, mayBeControl); match >= 0; match = Find(token, text[..end], start, mayBeControl))
            {
                var left = match;
                while (token.StripsLeft && left > start && IsSpace(text[left - 1]))
                {
                    left--;
                }

                AddText(result, start, left);
                result.Add(new TextPiece(match, token.Text.Length, token.Id));
                start = match + token.Text.Length;
                while (token.StripsRight && start < end && IsSpace(text[start]))
                {
                    start++;
                }
            }

            AddText(result, start, end);
        }

        return result;
    }

    private static int Find(SpecialToken token, ReadOnlySpan<byte> text, int start, Func<Range, bool> mayBeControl)
    {
        for (var found = text[start..].IndexOf(token.Text); found >= 0; found = text[start..].IndexOf(token.Text))
        {
            var match = start + found;
            if (token.IsUserDefined || mayBeControl(match..(match + token.Text.Length)))
            {
                return match;
            }

            start = match + 1;
        }

        return -1;
    }

    private static void AddText(List<TextPiece> pieces, int start, int end)
    {
        if (end > start)
        {
            pieces.Add(new TextPiece(start, end - start, Token: null));
        }
    }

    /// <summary>C's <c>isspace</c>, which llama.cpp asks.</summary>
    private static bool IsSpace(byte value) => value is (byte)' ' or (>= 9 and <= 13);
}

/// <summary>A part of a text.</summary>
/// <param name="Start">First byte.</param>
/// <param name="Length">Bytes; at least 1.</param>
/// <param name="Token">The special token that it is; null for ordinary text.</param>
internal readonly record struct TextPiece(int Start, int Length, int? Token)
{
    /// <summary>True if it goes on both before and behind an offset.</summary>
    public bool Crosses(int offset) => Start < offset && offset < Start + Length;
}
