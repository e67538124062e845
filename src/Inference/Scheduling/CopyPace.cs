namespace InferenceServer.Inference.Scheduling;

/// <summary>How many tokens' KV can be copied in a time, learned from the copies made. Engine thread only.</summary>
internal sealed class CopyPace
{
    // Until measured: 20 MB of a 70B's 64 tokens at 4 GB/s.
    private const double FirstMsPerToken = 0.08;

    // The newest copies count most: a copy that a page-in slowed is forgotten within a dozen.
    private const double Newest = 0.25;

    private double _msPerToken = FirstMsPerToken;

    /// <summary>Tokens that a copy within a duration may have.</summary>
    public int TokensWithin(double milliseconds) => (int)Math.Min(milliseconds / _msPerToken, int.MaxValue);

    /// <summary>Learns from a copy.</summary>
    public void Observe(int numTokens, double milliseconds) => _msPerToken += Newest * (Math.Max(milliseconds / numTokens, 1e-6) - _msPerToken);
}
