namespace InferenceServer.Bench.Statistics;

/// <summary>The straight line through points by least squares, and how sure its slope is.</summary>
/// <param name="Slope">Rise of y for each x; NaN with fewer than three points, or if all have the same x.</param>
/// <param name="HalfWidth">The slope's 95 % interval is this much to either side, if the points scatter around the line independently of each other.</param>
/// <param name="Mean">Of the y; the line's height in the middle.</param>
/// <param name="Span">From the smallest x to the largest.</param>
internal readonly record struct Trend(double Slope, double HalfWidth, double Mean, double Span)
{
    /// <summary>How much the line rises from its first point to its last, as a share of the mean.</summary>
    public double Growth => Slope * Span / Mean;

    /// <summary>The line through these points.</summary>
    public static Trend Fit(IReadOnlyCollection<(double X, double Y)> points)
    {
        if (points.Count < 3)
        {
            return new Trend(double.NaN, double.NaN, double.NaN, double.NaN);
        }

        var (meanX, meanY) = (points.Average(point => point.X), points.Average(point => point.Y));
        var variance = points.Sum(point => Square(point.X - meanX));
        var slope = points.Sum(point => (point.X - meanX) * (point.Y - meanY)) / variance;
        var rest = points.Sum(point => Square(point.Y - meanY - (slope * (point.X - meanX))));
        var degrees = points.Count - 2;
        var deviation = Math.Sqrt(rest / degrees / variance);
        return new Trend(slope, StudentQuantile(degrees) * deviation, meanY, points.Max(point => point.X) - points.Min(point => point.X));
    }

    /// <summary>Neighbours in time put together: as many groups of the same size. What swings within a group is then no scatter that the line could follow.</summary>
    /// <param name="points">In the order of time.</param>
    /// <param name="numGroups">At most so many; fewer points stay as they are.</param>
    /// <param name="height">What stands for the y of a group; for its x always the mean.</param>
    public static IReadOnlyList<(double X, double Y)> Group(IReadOnlyList<(double X, double Y)> points, int numGroups, Func<IEnumerable<double>, double> height)
    {
        numGroups = Math.Min(numGroups, points.Count);
        return
        [
            .. from i in Enumerable.Range(0, numGroups)
               let start = i * points.Count / numGroups
               let members = points.Take(start..((i + 1) * points.Count / numGroups)).ToArray()
               select (members.Average(point => point.X), height(members.Select(point => point.Y))),
        ];
    }

    // The 97.5 % quantile by its series around the normal law's (Abramowitz and Stegun 26.7.5); the first two, for which that is too coarse, as they are.
    private static double StudentQuantile(int degrees)
    {
        const double Z = 1.959964;
        return degrees switch
        {
            1 => 12.7062,
            2 => 4.3027,
            _ => Z
                + ((Math.Pow(Z, 3) + Z) / (4 * degrees))
                + (((5 * Math.Pow(Z, 5)) + (16 * Math.Pow(Z, 3)) + (3 * Z)) / (96 * Square(degrees)))
                + (((3 * Math.Pow(Z, 7)) + (19 * Math.Pow(Z, 5)) + (17 * Math.Pow(Z, 3)) - (15 * Z)) / (384 * Math.Pow(degrees, 3))),
        };
    }

    private static double Square(double value) => value * value;
}
