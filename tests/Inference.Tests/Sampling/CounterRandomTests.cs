using InferenceServer.Inference.Sampling;

namespace InferenceServer.Inference.Tests.Sampling;

public sealed class CounterRandomTests
{
    [Fact]
    public void NextDouble_KnownArguments_KnownNumber()
    {
        // Pinned: a seed must give the same tokens in the next release.
        Assert.Equal(0.3869742762400409, CounterRandom.NextDouble(42, 0, 0));
        Assert.Equal(0.7978155192626896, CounterRandom.NextDouble(-1, 1_000_000, 3));
    }

    [Theory]
    [InlineData("seed")]
    [InlineData("index")]
    [InlineData("draw")]
    public void NextDouble_AlongEachCoordinate_LooksUniformAndIndependent(string coordinate)
    {
        const int Count = 100_000;
        var numbers = Enumerable.Range(0, Count).Select(i => coordinate switch
        {
            "seed" => CounterRandom.NextDouble(i, 0, 0),
            "index" => CounterRandom.NextDouble(0, i, 0),
            _ => CounterRandom.NextDouble(0, 0, i),
        }).ToArray();

        Assert.All(numbers, number => Assert.InRange(number, 0.0, Math.BitDecrement(1.0)));
        Assert.Equal(Count, numbers.Distinct().Count());

        // Chi-squared over 100 bins: 99 degrees of freedom, 99.99 % below 160.
        var expected = Count / 100.0;
        var chiSquared = numbers.GroupBy(number => (int)(number * 100)).Sum(bin => Math.Pow(bin.Count() - expected, 2) / expected);
        Assert.InRange(chiSquared, 45, 160);

        // Correlation of neighbours: five standard deviations of 1/sqrt(Count).
        var correlation = 12 * numbers.Zip(numbers.Skip(1), (a, b) => (a - 0.5) * (b - 0.5)).Average();
        Assert.InRange(correlation, -5 / Math.Sqrt(Count), 5 / Math.Sqrt(Count));
    }

    [Fact]
    public void NextDouble_CoordinatesExchanged_DifferentNumbers()
    {
        Assert.NotEqual(CounterRandom.NextDouble(1, 2, 3), CounterRandom.NextDouble(1, 3, 2));
        Assert.NotEqual(CounterRandom.NextDouble(1, 2, 3), CounterRandom.NextDouble(2, 1, 3));
    }
}
