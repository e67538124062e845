namespace InferenceServer.Inference.Grammar.Tokens;

/// <summary>The tokens that may come next. Immutable; any thread.</summary>
/// <param name="bits">Bit t % 64 of word t / 64 says whether token t may come.</param>
/// <param name="count">Number of tokens that may come.</param>
internal sealed class TokenMask(ulong[] bits, int count)
{
    /// <summary>Bit t % 64 of word t / 64 says whether token t may come.</summary>
    public ReadOnlySpan<ulong> Bits => bits;

    /// <summary>Number of tokens that may come; 0: the vocabulary cannot spell what the grammar wants.</summary>
    public int Count => count;

    /// <summary>True if the token may come.</summary>
    public bool Allows(int token) => (bits[token >> 6] >> token & 1) != 0;
}
