using InferenceServer.Inference.Cache;

namespace InferenceServer.Inference.Tests.Cache;

public sealed class KvMapTests
{
    [Fact]
    public void Draw_SequencesThatShareAPrefixBesideCachedOnes_HasEveryCellOnce()
    {
        var cache = new KvCache(numCells: 4096, numSequenceIds: 8, canShare: true, "f");
        var system = Tokens(1, 600);
        Leave(cache, Tokens(9, 700));
        var first = Run(cache, [.. system, .. Tokens(2, 100)]);
        var second = Run(cache, [.. system, .. Tokens(3, 50)]);
        Assert.True(cache.TryTake(second, 7)); // computed next

        var map = cache.DrawMap([(11, first), (12, second)]);

        Assert.Equal(new KvSpan(11, 600, 100, 1), map[0]);
        Assert.Equal(new KvSpan(12, 600, 57, 1), map[1]);
        Assert.Equal([new KvSpan(null, 0, 600, 2), new KvSpan(null, 0, 700, 0)], map[2..].OrderBy(span => span.NumCells));
        Assert.Equal(cache.NumCells - cache.NumFreeCells, map.Sum(span => span.NumCells));
    }

    [Fact]
    public void Draw_BranchesOfACachedPrefix_AreSpansOfTheirOwn()
    {
        var cache = new KvCache(numCells: 4096, numSequenceIds: 8, canShare: true, "f");
        Leave(cache, [.. Tokens(1, 300), .. Tokens(2, 40)]);
        Leave(cache, [.. Tokens(1, 300), .. Tokens(3, 30)]);

        var map = cache.DrawMap([]);

        Assert.Equal([new KvSpan(null, 300, 30, 0), new KvSpan(null, 300, 40, 0), new KvSpan(null, 0, 300, 0)], map.OrderBy(span => span.NumCells));
        Assert.Equal(cache.NumCachedCells, map.Sum(span => span.NumCells));
    }

    private static int[] Tokens(int seed, int count) => [.. Enumerable.Range(seed * 10_000, count)];

    private static KvLease Run(KvCache cache, int[] tokens)
    {
        var lease = cache.Acquire(cache.Match(tokens, tokens.Length - 1, null), null, attach: true)!;
        Assert.True(cache.TryTake(lease, tokens.Length - lease.NumTokens));
        cache.Attach(lease, tokens);
        return lease;
    }

    private static void Leave(KvCache cache, int[] tokens) => cache.Release(Run(cache, tokens));
}
