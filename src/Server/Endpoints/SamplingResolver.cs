using InferenceServer.Inference;
using InferenceServer.Inference.Models;
using InferenceServer.Inference.Sampling;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Endpoints;

/// <summary>Final sampling values: the request's, else the configuration's, else the model file's, else the API's.</summary>
internal static class SamplingResolver
{
    private static readonly SamplingParams ApiDefaults = new() { Seed = 0 };

    /// <summary>Resolves every value.</summary>
    /// <param name="request">What the client said.</param>
    /// <param name="options">What the operator said.</param>
    /// <param name="model">What the model's authors said.</param>
    /// <param name="seed">The seed of this choice.</param>
    public static SamplingParams Resolve(RequestedSampling request, SamplingOptions options, SamplingDefaults model, long seed) => new()
    {
        Temperature = request.Temperature ?? options.Temperature ?? model.Temperature ?? ApiDefaults.Temperature,
        TopP = request.TopP ?? options.TopP ?? model.TopP ?? ApiDefaults.TopP,
        TopK = request.TopK ?? options.TopK ?? model.TopK ?? ApiDefaults.TopK,
        MinP = request.MinP ?? options.MinP ?? model.MinP ?? ApiDefaults.MinP,
        RepeatPenalty = request.RepeatPenalty ?? options.RepeatPenalty ?? model.RepeatPenalty ?? ApiDefaults.RepeatPenalty,
        RepeatLastN = request.RepeatLastN ?? options.RepeatLastN ?? model.RepeatLastN ?? ApiDefaults.RepeatLastN,
        PresencePenalty = request.PresencePenalty ?? ApiDefaults.PresencePenalty,
        FrequencyPenalty = request.FrequencyPenalty ?? ApiDefaults.FrequencyPenalty,
        LogitBias = request.LogitBias,
        Seed = seed,
    };

    /// <summary>
    /// The seed of one of several choices. The first has the request's own, so that it answers as a request for one would;
    /// the others have it mixed with their index (the finalizer of SplitMix64), so that neighbouring seeds share no choice.
    /// </summary>
    public static long SeedOf(long seed, int index)
    {
        if (index == 0)
        {
            return seed;
        }

        var mixed = unchecked((ulong)seed + ((ulong)index * 0x9E3779B97F4A7C15));
        mixed = unchecked((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9);
        mixed = unchecked((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB);
        return unchecked((long)(mixed ^ (mixed >> 31)));
    }
}
