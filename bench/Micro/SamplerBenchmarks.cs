using BenchmarkDotNet.Attributes;
using InferenceServer.Inference.Sampling;

namespace InferenceServer.Bench.Micro;

/// <summary>One pick from a row of logits shaped like a model's: a few likely tokens over a long tail.</summary>
public class SamplerBenchmarks
{
    private readonly SamplerScratch _scratch = new();
    private readonly SamplingParams _greedy = new() { Seed = 1, Temperature = 0 };
    private readonly SamplingParams _topP = new() { Seed = 1, Temperature = 0.8f, TopP = 0.95f };
    private readonly SamplingParams _topK = new() { Seed = 1, Temperature = 0.8f, TopK = 40, TopP = 0.95f };
    private readonly SamplingParams _plain = new() { Seed = 1, Temperature = 1 };
    private readonly SamplingParams _penalties = new() { Seed = 1, Temperature = 0, RepeatPenalty = 1.1f, PresencePenalty = 0.5f };
    private float[] _logits = [];
    private SamplerState _noState = null!;
    private SamplerState _state = null!;
    private int _index;

    /// <summary>Tokens of the vocabulary.</summary>
    [Params(49_152, 151_936)]
    public int VocabularySize { get; set; } = 49_152;

    /// <summary>Makes the row.</summary>
    [GlobalSetup]
    public void Setup()
    {
        var random = new Random(1);
        _logits = new float[VocabularySize];
        for (var i = 0; i < _logits.Length; i++)
        {
            // A normal tail, and one token in 2,000 that the context makes likely.
            var normal = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(Math.Tau * random.NextDouble());
            _logits[i] = (float)((2.5 * normal) + (random.Next(2_000) == 0 ? 14 : 0));
        }

        var tokens = Enumerable.Range(0, 200).Select(_ => random.Next(VocabularySize)).ToArray();
        _noState = new SamplerState(_greedy, tokens, []);
        _state = new SamplerState(_penalties, tokens, tokens);
        _index = 0;
    }

    [Benchmark]
    public int Greedy() => Pick(_greedy, _noState);

    [Benchmark]
    public int GreedyWithPenalties() => Pick(_penalties, _state);

    [Benchmark]
    public int TopP() => Pick(_topP, _noState);

    [Benchmark]
    public int TopKTopP() => Pick(_topK, _noState);

    [Benchmark]
    public int TemperatureOnly() => Pick(_plain, _noState);

    private int Pick(SamplingParams parameters, SamplerState state) => Sampler.Pick(_logits, parameters, state, _index++, [], _scratch);
}
