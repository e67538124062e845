namespace InferenceServer.Bench.Statistics;

/// <summary>Samples in order of size. Empty distributions answer NaN.</summary>
internal sealed class Distribution
{
    private readonly double[] _sorted;

    /// <param name="samples">In any order; copied.</param>
    public Distribution(IEnumerable<double> samples)
    {
        _sorted = [.. samples];
        Array.Sort(_sorted);
    }

    /// <summary>Number of samples.</summary>
    public int Count => _sorted.Length;

    /// <summary>The smallest sample.</summary>
    public double Min => Count == 0 ? double.NaN : _sorted[0];

    /// <summary>The largest sample.</summary>
    public double Max => Count == 0 ? double.NaN : _sorted[^1];

    /// <summary>Half of the samples are this or less; the mean of the two middle ones for an even number.</summary>
    public double Median => Count == 0 ? double.NaN : (_sorted[(Count - 1) / 2] + _sorted[Count / 2]) / 2;

    /// <summary>The sample that this share (0 to 1) of all are not larger than: the nearest rank, never an interpolation.</summary>
    public double Quantile(double share) =>
        Count == 0 ? double.NaN : _sorted[Math.Clamp((int)Math.Ceiling(share * Count) - 1, 0, Count - 1)];

    /// <summary>
    /// An interval that holds the true median with at least 95 % confidence, whatever the samples' law: the two order
    /// statistics that the binomial distribution names. With fewer than six samples no interval has that confidence, and
    /// this is the smallest and the largest.
    /// </summary>
    public (double Low, double High) MedianInterval()
    {
        const double MaxOutside = 0.05;
        var rank = 0;
        var below = 0.0; // probability that at most `rank` of the samples lie below the median
        var probability = Math.Pow(0.5, Count);
        for (var k = 0; k < Count / 2; k++)
        {
            below += probability;
            if (2 * below > MaxOutside)
            {
                break;
            }

            rank = k;
            probability *= (double)(Count - k) / (k + 1);
        }

        return Count == 0 ? (double.NaN, double.NaN) : (_sorted[rank], _sorted[^(rank + 1)]);
    }
}
