using InferenceServer.Bench.Statistics;

namespace InferenceServer.Bench.Compare;

/// <summary>Medians of interleaved pairs, with the interval of the ratio's median.</summary>
internal sealed class ComparisonTable
{
    private readonly MarkdownTable _table = new(
        "streams", "against", "pairs", "decode tok/s ours", "other", "ratio", "interval", "whole run tok/s ours", "other", "ratio", "interval");

    /// <summary>Adds a row.</summary>
    public void Add(int numStreams, string other, IReadOnlyList<RatePair> pairs)
    {
        var decode = new Distribution(pairs.Select(pair => pair.Served.Decode / pair.Other.Decode));
        var whole = new Distribution(pairs.Select(pair => pair.Served.Whole / pair.Other.Whole));
        _table.Add(
            MarkdownTable.Number(numStreams),
            other,
            MarkdownTable.Number(pairs.Count),
            Median(pairs.Select(pair => pair.Served.Decode)),
            Median(pairs.Select(pair => pair.Other.Decode)),
            MarkdownTable.Number(decode.Median, 3),
            Interval(decode),
            Median(pairs.Select(pair => pair.Served.Whole)),
            Median(pairs.Select(pair => pair.Other.Whole)),
            MarkdownTable.Number(whole.Median, 3),
            Interval(whole));
    }

    public override string ToString() => _table.ToString();

    private static string Median(IEnumerable<double> values) => MarkdownTable.Number(new Distribution(values).Median, 1);

    private static string Interval(Distribution ratios)
    {
        var (low, high) = ratios.MedianInterval();
        return $"{MarkdownTable.Number(low, 3)} to {MarkdownTable.Number(high, 3)}";
    }
}
