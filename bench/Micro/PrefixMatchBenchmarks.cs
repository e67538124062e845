using BenchmarkDotNet.Attributes;
using InferenceServer.Inference.Cache;

namespace InferenceServer.Bench.Micro;

/// <summary>Finding a known prefix in a tree that holds eight other prompts too.</summary>
public class PrefixMatchBenchmarks
{
    private KvCache _cache = null!;
    private int[] _tokens = [];

    /// <summary>Tokens of the prefix.</summary>
    [Params(1_500, 8_000)]
    public int Length { get; set; } = 1_500;

    /// <summary>Fills the tree.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _cache = new KvCache(1 << 20, 64, canShare: true, "bench");
        for (var prompt = 0; prompt < 9; prompt++)
        {
            // All begin alike, as prompts of one template do.
            _tokens = [.. Enumerable.Range(0, Length).Select(i => i < 30 ? i : (prompt * 100_000) + i)];
            var lease = _cache.Acquire(_cache.Match(_tokens, Length - 1, null), null, attach: true)!;
            if (!_cache.TryTake(lease, Length - lease.NumTokens))
            {
                throw new InvalidOperationException("The cells do not suffice.");
            }

            _cache.Attach(lease, _tokens);
            _cache.Release(lease);
        }
    }

    /// <summary>Length of the match.</summary>
    [Benchmark]
    public int Match() => _cache.Match(_tokens, Length - 1, null).Length;
}
