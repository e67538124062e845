using System.Text;
using BenchmarkDotNet.Attributes;
using InferenceServer.Inference.Sampling;

namespace InferenceServer.Bench.Micro;

/// <summary>What happens to the bytes of a token: stop texts on the engine thread, characters on the request's.</summary>
public class TextBenchmarks
{
    private readonly byte[][] _tokens =
        [.. "The capital of France is Paris, and the river that runs through it is the Seine . \n".Split(' ').Select(word => Encoding.UTF8.GetBytes(" " + word))];

    private StopMatcher _fourStops = new(["\nUser:", "</answer>", "<|im_end|>", "STOP"]);
    private TextAssembler _assembler = new(["\nUser:", "</answer>", "<|im_end|>", "STOP"]);
    private int _next;

    [Benchmark]
    public bool StopMatcherFeed() => _fourStops.Feed(Next());

    [Benchmark]
    public string TextAssemblerAppend() => _assembler.Append(Next(), isControl: false);

    /// <summary>Begins anew.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _fourStops = new StopMatcher(["\nUser:", "</answer>", "<|im_end|>", "STOP"]);
        _assembler = new TextAssembler(["\nUser:", "</answer>", "<|im_end|>", "STOP"]);
    }

    private byte[] Next()
    {
        _next = (_next + 1) % _tokens.Length;
        return _tokens[_next];
    }
}
