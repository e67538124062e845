using BenchmarkDotNet.Attributes;
using InferenceServer.Bench.Compare;
using InferenceServer.Inference.Grammar;

namespace InferenceServer.Bench.Micro;

/// <summary>What a schema costs a request: compiled for the first one, found by the next.</summary>
public class GrammarCacheBenchmarks
{
    private readonly GrammarCache _cache = new();
    private readonly string _schema = TwentyFields.Schema;

    [Benchmark(Baseline = true)]
    public bool First() => new GrammarCache().Check(Source()).Error is null;

    [Benchmark]
    public bool Next() => _cache.Check(Source()).Error is null;

    private GrammarSource Source() => new() { Kind = GrammarKind.JsonSchema, Text = _schema, IsStrict = true };
}
