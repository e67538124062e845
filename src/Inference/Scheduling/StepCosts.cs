namespace InferenceServer.Inference.Scheduling;

/// <summary>
/// Predicts a step's duration from its number of tokens: fixed + perToken * tokens, fitted to the steps seen, recent ones
/// counting more. Holds well on what was measured: 8.1 ms for 1 token, 32 for 8, 230 for 64, 1,500 for 512 on a CPU, and for the
/// 80 ms + 8.4 ms a token of a 70B on an M2 Ultra. Pure; engine thread only.
/// </summary>
internal sealed class StepCosts
{
    // A step counts half as much after about 70 further ones: follows a changed load within seconds, is not thrown by one outlier.
    private const double Decay = 0.99;

    // Weight of the assumption that the fit starts from; soon outweighed by steps of different sizes, but it keeps the
    // slope finite while all steps have the same size.
    private const double PriorWeight = 0.05;

    private double _weight;
    private double _tokens;
    private double _tokensSquared;
    private double _duration;
    private double _durationTokens;

    /// <summary>Fixed part of a step in milliseconds; never negative.</summary>
    public double FixedMs { get; private set; } = 5;

    /// <summary>Milliseconds a token; above 0. Until measured: a small model on a small CPU, so that first chunks are not too long.</summary>
    public double PerTokenMs { get; private set; } = 4;

    /// <summary>True once anything was measured.</summary>
    public bool IsMeasured => _weight > 0;

    /// <summary>Predicted duration of a step in milliseconds.</summary>
    public double Predict(int numTokens) => FixedMs + (PerTokenMs * numTokens);

    /// <summary>How many tokens a step may have to stay within a duration; may be 0 or less.</summary>
    public int TokensWithin(double durationMs) => (int)Math.Floor((durationMs - FixedMs) / PerTokenMs);

    /// <summary>Learns from a step.</summary>
    public void Observe(int numTokens, double durationMs)
    {
        if (numTokens <= 0 || !(durationMs > 0) || !double.IsFinite(durationMs))
        {
            return;
        }

        // A page-in or a sleeping machine says nothing about the next step: no more than five times the prediction counts.
        if (_weight > 8)
        {
            durationMs = Math.Min(durationMs, 5 * Predict(numTokens));
        }

        _weight = (_weight * Decay) + 1;
        _tokens = (_tokens * Decay) + numTokens;
        _tokensSquared = (_tokensSquared * Decay) + ((double)numTokens * numTokens);
        _duration = (_duration * Decay) + durationMs;
        _durationTokens = (_durationTokens * Decay) + (durationMs * numTokens);
        Fit();
    }

    // Weighted least squares, with a pull on the slope towards the last one.
    private void Fit()
    {
        var meanTokens = _tokens / _weight;
        var meanDuration = _duration / _weight;
        var variance = (_tokensSquared / _weight) - (meanTokens * meanTokens);
        var covariance = (_durationTokens / _weight) - (meanTokens * meanDuration);
        var slope = (covariance + (PriorWeight * PerTokenMs)) / (variance + PriorWeight);

        // Rounding and noise must not make a token free or a step shorter than nothing.
        slope = Math.Clamp(slope, 1e-4, meanDuration / Math.Max(meanTokens, 1));
        PerTokenMs = slope;
        FixedMs = Math.Max(0, meanDuration - (slope * meanTokens));
    }
}
