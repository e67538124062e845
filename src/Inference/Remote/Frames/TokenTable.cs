using InferenceServer.Inference.Models;

namespace InferenceServer.Inference.Remote.Frames;

/// <summary>What every token of the model stands for, on this side: sent once, so that events need only ids. Immutable; any thread.</summary>
internal sealed class TokenTable
{
    private readonly byte[] _bytes;

    // Token i has the bytes from _offsets[i] to _offsets[i + 1].
    private readonly int[] _offsets;
    private readonly bool[] _isControl;

    private TokenTable(byte[] bytes, int[] offsets, bool[] isControl)
    {
        _bytes = bytes;
        _offsets = offsets;
        _isControl = isControl;
    }

    /// <summary>Number of tokens; ids run from 0.</summary>
    public int Count => _isControl.Length;

    /// <summary>A table of pieces, whose ids are their places.</summary>
    /// <param name="count">How many.</param>
    /// <param name="getPiece">A token's bytes, and whether they are no text.</param>
    public static TokenTable Create(int count, Func<int, (ReadOnlyMemory<byte> Bytes, bool IsControl)> getPiece)
    {
        var bytes = new List<byte>(count * 8);
        var offsets = new int[count + 1];
        var isControl = new bool[count];
        for (var token = 0; token < count; token++)
        {
            var (piece, control) = getPiece(token);
            bytes.AddRange(piece.Span);
            offsets[token + 1] = bytes.Count;
            isControl[token] = control;
        }

        return new TokenTable([.. bytes], offsets, isControl);
    }

    /// <summary>True if it is a token of this model.</summary>
    public bool Has(int token) => (uint)token < (uint)Count;

    /// <summary>A token's piece. Throws <see cref="FrameException"/> if there is no such token.</summary>
    public TokenPiece Get(int token) => Has(token)
        ? new TokenPiece(token, _bytes.AsMemory(_offsets[token]..(_offsets[token + 1])), _isControl[token])
        : throw new FrameException($"There is no token {token}.");

    /// <summary>True if both say the same of every token.</summary>
    public bool IsSameAs(TokenTable other) =>
        _offsets.AsSpan().SequenceEqual(other._offsets) && _isControl.AsSpan().SequenceEqual(other._isControl) && _bytes.AsSpan().SequenceEqual(other._bytes);

    /// <summary>Writes it into the frame at hand.</summary>
    public void Write(FrameWriter writer)
    {
        writer.Number(Count);
        for (var token = 0; token < Count; token++)
        {
            writer.Number(_offsets[token + 1] - _offsets[token]);
            writer.Bool(_isControl[token]);
        }

        writer.Bytes(_bytes);
    }

    /// <summary>Reads it.</summary>
    public static TokenTable Read(ref FrameReader reader)
    {
        var count = reader.Count(2);
        var offsets = new int[count + 1];
        var isControl = new bool[count];
        var end = 0L;
        for (var token = 0; token < count; token++)
        {
            end += reader.Count();
            offsets[token + 1] = end <= int.MaxValue ? (int)end : throw new FrameException("The tokens' bytes are too many.");
            isControl[token] = reader.Bool();
        }

        var bytes = reader.Bytes().ToArray();
        return bytes.Length == end ? new TokenTable(bytes, offsets, isControl) : throw new FrameException($"The tokens have {bytes.Length} bytes instead of {end}.");
    }
}
