using InferenceServer.Inference;
using InferenceServer.Inference.Models;
using InferenceServer.Server.Endpoints;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Tests.Endpoints;

public sealed class SamplingResolverTests
{
    [Fact]
    public void Resolve_EverySource_RequestThenConfigurationThenModelThenApi()
    {
        var request = new RequestedSampling { Temperature = 0.1f };
        var options = new SamplingOptions { Temperature = 0.2f, TopP = 0.2f };
        var model = new SamplingDefaults { Temperature = 0.3f, TopP = 0.3f, TopK = 3, RepeatLastN = 5 };
        var resolved = SamplingResolver.Resolve(request, options, model, 7);
        Assert.Equal(0.1f, resolved.Temperature);
        Assert.Equal(0.2f, resolved.TopP);
        Assert.Equal(3, resolved.TopK);
        Assert.Equal(5, resolved.RepeatLastN);
        Assert.Equal(0f, resolved.MinP);
        Assert.Equal(1f, resolved.RepeatPenalty);
        Assert.Equal(7, resolved.Seed);
    }

    [Fact]
    public void SeedOf_FirstChoice_IsTheRequestsOwn() => Assert.Equal(42, SamplingResolver.SeedOf(42, 0));

    [Fact]
    public void SeedOf_NeighbouringSeedsAndIndexes_NeverMeet()
    {
        var seeds = Enumerable.Range(0, 200).SelectMany(seed => Enumerable.Range(0, 128).Select(index => SamplingResolver.SeedOf(seed, index)));
        Assert.Equal(200 * 128, seeds.Distinct().Count());
    }
}
