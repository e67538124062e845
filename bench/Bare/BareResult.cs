namespace InferenceServer.Bench.Bare;

/// <summary>Figures of one run of the bare loop.</summary>
/// <param name="NumStreams">Sequences side by side.</param>
/// <param name="NumTokens">Tokens that each of them generated.</param>
/// <param name="PrefillSeconds">Until every sequence had its first token.</param>
/// <param name="DecodeSeconds">For the tokens after the first.</param>
internal sealed record BareResult(int NumStreams, int NumTokens, double PrefillSeconds, double DecodeSeconds)
{
    /// <summary>Tokens a second while all sequences decode.</summary>
    public double DecodeTokensPerSecond => NumStreams * (NumTokens - 1) / DecodeSeconds;

    /// <summary>Tokens a second over the whole run.</summary>
    public double TokensPerSecond => NumStreams * NumTokens / (PrefillSeconds + DecodeSeconds);
}
