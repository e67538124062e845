using InferenceServer.Bench.Statistics;

namespace InferenceServer.Bench.Tests.Statistics;

public sealed class DistributionTests
{
    [Fact]
    public void Quantile_OfHundredSamples_IsNearestRank()
    {
        var distribution = new Distribution(Enumerable.Range(1, 100).Reverse().Select(i => (double)i));
        Assert.Equal(99, distribution.Quantile(0.99));
        Assert.Equal(100, distribution.Quantile(1));
        Assert.Equal(1, distribution.Quantile(0));
        Assert.Equal(50.5, distribution.Median);
    }

    [Theory]
    [InlineData(5, 1, 5)]       // too few for 95 %
    [InlineData(10, 2, 9)]      // 97.9 %
    [InlineData(20, 6, 15)]     // 95.9 %
    public void MedianInterval_OfSortedRanks_HoldsMedianWithStatedConfidence(int count, double low, double high)
    {
        var distribution = new Distribution(Enumerable.Range(1, count).Select(i => (double)i));
        Assert.Equal((low, high), distribution.MedianInterval());
    }

    [Fact]
    public void Empty_AnyFigure_IsNaN()
    {
        var distribution = new Distribution([]);
        Assert.True(double.IsNaN(distribution.Median) && double.IsNaN(distribution.Max) && double.IsNaN(distribution.Quantile(0.5)));
        Assert.True(double.IsNaN(distribution.MedianInterval().Low));
    }
}
