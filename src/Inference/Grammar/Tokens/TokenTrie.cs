using InferenceServer.Inference.Models;

namespace InferenceServer.Inference.Grammar.Tokens;

/// <summary>
/// The tokens of a vocabulary as a tree of their bytes, so that tokens that begin alike are tried together. Made once per
/// vocabulary. Immutable; any thread.
/// </summary>
/// <remarks>
/// Nodes lie in depth-first order: a node's first child is the next node, and a subtree that does not fit is passed over by
/// going on at its end. Control tokens are spelled so that only a grammar that names them takes them; tokens without bytes,
/// unused ones and those that end a generation are in no node: they never fit.
/// </remarks>
internal sealed class TokenTrie
{
    private readonly byte[][] _bytes;
    private readonly bool[] _endsGeneration;

    private readonly byte[] _labels;
    private readonly int[] _depths;
    private readonly int[] _ends;

    // A node's own tokens are those from _firstTokens to _ownEnds in the order of their bytes.
    private readonly int[] _firstTokens;
    private readonly int[] _ownEnds;
    private readonly int[] _tokens;

    private TokenTrie(byte[][] bytes, int[] endTokens)
    {
        _bytes = bytes;
        EndTokens = endTokens;
        _endsGeneration = new bool[bytes.Length];
        foreach (var token in endTokens)
        {
            _endsGeneration[token] = true;
        }

        var sorted = Enumerable.Range(0, bytes.Length).Where(token => bytes[token].Length > 0).ToArray();
        Array.Sort(sorted, (left, right) =>
        {
            var order = bytes[left].AsSpan().SequenceCompareTo(bytes[right]);
            return order != 0 ? order : left.CompareTo(right);
        });

        var labels = new List<byte>();
        var depths = new List<int>();
        var ends = new List<int>();
        var firstTokens = new List<int>();
        var ownEnds = new List<int>();
        var path = new List<int>();
        var previous = ReadOnlySpan<byte>.Empty;
        for (var i = 0; i < sorted.Length; i++)
        {
            var current = bytes[sorted[i]].AsSpan();
            var common = previous.CommonPrefixLength(current);
            for (; path.Count > common; path.RemoveAt(path.Count - 1))
            {
                ends[path[^1]] = labels.Count;
            }

            for (var depth = common; depth < current.Length; depth++)
            {
                path.Add(labels.Count);
                labels.Add(current[depth]);
                depths.Add(depth);
                ends.Add(0);
                firstTokens.Add(i);
                ownEnds.Add(i);
            }

            ownEnds[path[^1]] = i + 1;
            previous = current;
        }

        foreach (var node in path)
        {
            ends[node] = labels.Count;
        }

        (_labels, _depths, _ends, _firstTokens, _ownEnds, _tokens) = ([.. labels], [.. depths], [.. ends], [.. firstTokens], [.. ownEnds], sorted);
        MaxDepth = depths.Count == 0 ? 0 : depths.Max() + 1;
    }

    /// <summary>Number of tokens, those that never fit included.</summary>
    public int NumTokens => _bytes.Length;

    /// <summary>Number of nodes.</summary>
    public int NumNodes => _labels.Length;

    /// <summary>Bytes of the longest token.</summary>
    public int MaxDepth { get; }

    /// <summary>Tokens that end a generation, ascending.</summary>
    public int[] EndTokens { get; }

    /// <summary>Byte of every node.</summary>
    public ReadOnlySpan<byte> Labels => _labels;

    /// <summary>Bytes before that of the node, for every node.</summary>
    public ReadOnlySpan<int> Depths => _depths;

    /// <summary>The node after a node's subtree, for every node.</summary>
    public ReadOnlySpan<int> Ends => _ends;

    /// <summary>The tree of a model's vocabulary: some 100 ms for 150,000 tokens.</summary>
    public static TokenTrie Of(Vocabulary vocabulary)
    {
        var bytes = new byte[vocabulary.Count][];
        for (var token = 0; token < bytes.Length; token++)
        {
            bytes[token] = vocabulary.IsText(token) ? vocabulary.GetBytes(token).ToArray()
                : vocabulary.IsControl(token) && !vocabulary.IsEndOfGeneration(token) ? ControlSpelling.Of(vocabulary.GetBytes(token).Span)
                : [];
        }

        return new TokenTrie(bytes, [.. vocabulary.EndOfGeneration]);
    }

    /// <summary>The tree of given tokens.</summary>
    /// <param name="bytes">By id; empty for tokens that never fit.</param>
    /// <param name="endTokens">Ids that end a generation, ascending; their bytes are empty.</param>
    public static TokenTrie Of(byte[][] bytes, int[] endTokens) => new(bytes, endTokens);

    /// <summary>Bytes of a token; empty for one that never fits.</summary>
    public ReadOnlySpan<byte> GetBytes(int token) => _bytes[token];

    /// <summary>True if the token ends a generation.</summary>
    public bool EndsGeneration(int token) => _endsGeneration[token];

    /// <summary>The tokens that end at a node, nearly always one or none.</summary>
    public ReadOnlySpan<int> TokensAt(int node) => _tokens.AsSpan(_firstTokens[node].._ownEnds[node]);

    /// <summary>A child of a node; -1 if there is none.</summary>
    /// <param name="node">-1: the root.</param>
    /// <param name="label">The child's byte.</param>
    public int Child(int node, byte label)
    {
        var end = node < 0 ? _labels.Length : _ends[node];
        for (var child = node + 1; child < end; child = _ends[child])
        {
            if (_labels[child] >= label)
            {
                return _labels[child] == label ? child : -1;
            }
        }

        return -1;
    }
}
