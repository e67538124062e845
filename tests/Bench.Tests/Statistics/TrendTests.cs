using InferenceServer.Bench.Statistics;

namespace InferenceServer.Bench.Tests.Statistics;

public sealed class TrendTests
{
    [Fact]
    public void Fit_OfPointsOnALine_IsThatLineForSure()
    {
        var trend = Trend.Fit([.. Enumerable.Range(0, 11).Select(i => ((double)i, 95 + (0.5 * i)))]);
        Assert.Equal((0.5, 97.5, 10.0), (trend.Slope, trend.Mean, trend.Span));
        Assert.Equal(0, trend.HalfWidth, 9);
        Assert.Equal(5 / 97.5, trend.Growth, 9);
    }

    [Fact]
    public void Fit_OfScatteredPoints_HasTheTextbooksInterval()
    {
        // Slope 0.6, rest 2.4 over 3 degrees of freedom, variance of x 10; Student's 97.5 % quantile is 3.1824.
        var trend = Trend.Fit([(1, 2), (2, 4), (3, 5), (4, 4), (5, 5)]);
        Assert.Equal(0.6, trend.Slope, 9);
        Assert.Equal(3.1824 * Math.Sqrt(0.08), trend.HalfWidth, tolerance: 0.01);
    }

    [Fact]
    public void Fit_OfALevelWithNoise_HoldsNoSlopeInAboutNineteenOfTwentyIntervals()
    {
        var random = new Random(1);
        var numHeld = Enumerable.Range(0, 1000).Count(_ => Trend.Fit([.. Enumerable.Range(0, 15).Select(i => ((double)i, 100 + Noise()))]) is var trend && Math.Abs(trend.Slope) <= trend.HalfWidth);
        Assert.InRange(numHeld, 925, 975);

        double Noise() => Enumerable.Range(0, 12).Sum(_ => random.NextDouble()) - 6;
    }

    [Fact]
    public void Fit_OfTwoPoints_IsNaN() => Assert.True(double.IsNaN(Trend.Fit([(1, 2), (2, 4)]).Growth));

    [Fact]
    public void Group_OfTenPoints_HasEachPointOnceInOrder()
    {
        var groups = Trend.Group([.. Enumerable.Range(0, 10).Select(i => ((double)i, 2.0 * i))], 3, Enumerable.Average);
        Assert.Equal([(1.0, 2.0), (4.0, 8.0), (7.5, 15.0)], groups);
        Assert.Equal([(1.0, 0.0), (4.0, 6.0), (7.5, 12.0)], Trend.Group([.. Enumerable.Range(0, 10).Select(i => ((double)i, 2.0 * i))], 3, Enumerable.Min));
        Assert.Empty(Trend.Group([], 3, Enumerable.Min));
    }
}
