using InferenceServer.Inference.Cache;

namespace InferenceServer.Inference.Tests.Cache;

public sealed class KvCacheTests
{
    [Fact]
    public void TryTake_MoreThanFree_EvictsTheLeastRecentlyUsedFirst()
    {
        var cache = new KvCache(numCells: 1024, numSequenceIds: 8, canShare: true, "f");
        Leave(cache, Tokens(1, 300));
        Leave(cache, Tokens(2, 300));
        Leave(cache, Tokens(3, 300));
        Leave(cache, Tokens(1, 300)); // used again
        var lease = cache.Acquire(default, null, attach: true)!;

        Assert.True(cache.TryTake(lease, 400));
        Assert.Equal(0, cache.Match(Tokens(2, 300), 300, null).Length);
        Assert.Equal(300, cache.Match(Tokens(1, 300), 300, null).Length);
        Assert.Equal(300, cache.Match(Tokens(3, 300), 300, null).Length);
        cache.CheckIntegrity([lease]);
    }

    [Fact]
    public void TryTake_LockedPrefix_IsNeverEvicted()
    {
        var cache = new KvCache(numCells: 512, numSequenceIds: 8, canShare: true, "f");
        Leave(cache, Tokens(1, 300));
        var reader = cache.Acquire(cache.Match(Tokens(1, 300), 299, null), null, attach: true)!;
        var other = cache.Acquire(default, null, attach: true)!;

        Assert.Equal(299, reader.NumTokens);
        Assert.False(cache.TryTake(other, 300));
        Assert.Equal(299, cache.Match(Tokens(1, 300), 300, null).Length);
        cache.CheckIntegrity([reader, other]);
    }

    [Fact]
    public void Acquire_NoIdLeft_EvictsForOneOrRefuses()
    {
        var cache = new KvCache(numCells: 2048, numSequenceIds: 2, canShare: true, "f");
        Leave(cache, Tokens(1, 300));
        var first = cache.Acquire(default, null, attach: true);
        var second = cache.Acquire(default, null, attach: true);

        Assert.NotNull(first);
        Assert.NotNull(second);
        Assert.Null(cache.Acquire(default, null, attach: true));
        Assert.Equal(2048, cache.NumFreeCells);
    }

    [Fact]
    public void EvictAll_NobodyRuns_EveryCellIsFree()
    {
        var cache = new KvCache(numCells: 2048, numSequenceIds: 4, canShare: true, "f");
        Leave(cache, Tokens(1, 700));
        Leave(cache, [.. Tokens(1, 500), .. Tokens(2, 300)]);
        Leave(cache, Tokens(3, 10), salt: "s");

        Assert.Equal(700 + 300 + 10, cache.NumCachedCells);
        cache.EvictAll();
        Assert.Equal(2048, cache.NumFreeCells);
        cache.CheckIntegrity([]);
    }

    private static int[] Tokens(int seed, int count) => [.. Enumerable.Range(seed * 10_000, count)];

    private static void Leave(KvCache cache, int[] tokens, string? salt = null)
    {
        var lease = cache.Acquire(cache.Match(tokens, tokens.Length - 1, salt), salt, attach: true)!;
        Assert.True(cache.TryTake(lease, tokens.Length - lease.NumTokens));
        cache.Attach(lease, tokens);
        cache.Release(lease);
        cache.CheckIntegrity([]);
    }
}
