using InferenceServer.Inference.Grammar;

namespace InferenceServer.Inference.Tests.Grammar;

public sealed class GrammarCacheTests
{
    [Fact]
    public void GetOrCompile_EqualSource_IsCompiledOnce()
    {
        var cache = new GrammarCache();

        var results = Enumerable.Range(0, 20).AsParallel().Select(_ => cache.GetOrCompile(Source("a+"))).ToArray();

        Assert.All(results, result => Assert.Same(results[0], result));
        Assert.NotNull(results[0].Automaton);
        Assert.Equal(1, cache.Count);
    }

    [Fact]
    public void GetOrCompile_MoreThanItsCapacity_ForgetsTheOneUnusedLongest()
    {
        var cache = new GrammarCache(capacity: 2);
        var first = cache.GetOrCompile(Source("a"));
        var second = cache.GetOrCompile(Source("b"));
        Assert.Same(first, cache.GetOrCompile(Source("a")));
        cache.GetOrCompile(Source("c"));

        Assert.Equal(2, cache.Count);
        Assert.Same(first, cache.GetOrCompile(Source("a")));
        Assert.NotSame(second, cache.GetOrCompile(Source("b")));
    }

    [Fact]
    public void GetOrCompile_BadSource_ReturnsItsErrorEveryTime()
    {
        var cache = new GrammarCache();

        Assert.Equal(GrammarErrorKind.Invalid, cache.GetOrCompile(Source("(")).Error!.Kind);
        Assert.Same(cache.GetOrCompile(Source("(")).Error, cache.GetOrCompile(Source("(")).Error);
    }

    [Fact]
    public void GetOrCompile_SameTextOfAnotherKind_IsAnotherGrammar()
    {
        var cache = new GrammarCache();

        Assert.NotNull(cache.GetOrCompile(Source("true")).Automaton);
        Assert.True(cache.GetOrCompile(new GrammarSource { Kind = GrammarKind.JsonSchema, Text = "true" }).Automaton!.Matches("[1]"));
    }

    private static GrammarSource Source(string pattern) => new() { Kind = GrammarKind.Regex, Text = pattern };
}
