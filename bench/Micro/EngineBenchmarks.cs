using BenchmarkDotNet.Attributes;
using InferenceServer.Inference.Engine;
using InferenceServer.Inference.Models;
using InferenceServer.Inference.Native;
using InferenceServer.Inference.Sampling;
using InferenceServer.Inference.Scheduling;
using Microsoft.Extensions.Logging.Abstractions;

namespace InferenceServer.Bench.Micro;

/// <summary>
/// The engine thread's own work per step, on a device that takes next to no time: schedule, book, pick from a tiny row, find stop texts, publish. Streams are
/// read after every step, as fast clients do.
/// </summary>
public class EngineBenchmarks : IDisposable
{
    private const int PromptTokens = 64;
    private const int OutputTokens = 1_024;

    private readonly CommandQueue _commands = new(maxWaiting: 256);
    private readonly Random _random = new(1);
    private StepReportQueue _reports = null!;
    private Vocabulary _vocabulary = null!;
    private EngineLoop _loop = null!;
    private List<GenerationStream> _streams = [];
    private long _nextId;

    /// <summary>Generations side by side.</summary>
    [Params(1, 8)]
    public int Streams { get; set; } = 8;

    /// <summary>GGUF file whose vocabulary is used.</summary>
    internal static string ModelPath { get; set; } = "";

    /// <summary>Reads the vocabulary, and no weights.</summary>
    [GlobalSetup]
    public void Setup()
    {
        NativeLibraries.Load(folder: null, NullLogger.Instance);
        var loaded = LoadedModel.Load(new ModelLoadSettings { Path = ModelPath, VocabularyOnly = true }, CancellationToken.None);
        using var model = loaded.Model ?? throw new InvalidOperationException($"{ModelPath} could not be loaded: {loaded.Detail}");
        _vocabulary = model.Vocabulary;
        var runner = new FakeRunner(Streams);
        var limits = new SchedulerLimits { MaxBatchTokens = 256, MaxSequences = Streams, MaxOutputs = Streams, MaxSequenceTokens = runner.Info.MaxSequenceTokens };
        _loop = new EngineLoop(runner, _vocabulary, _commands, limits, new DeviceTurns(), NullLogger.Instance);
        _reports = new StepReportQueue(Streams);
        _loop.StartReporting(_reports);
        _streams = new List<GenerationStream>(Streams);
    }

    /// <summary>After the last run.</summary>
    [GlobalCleanup]
    public void Dispose()
    {
        _commands.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Tokens that <see cref="Generate"/> makes per stream.</summary>
    internal static int TokensPerStream => OutputTokens;

    /// <summary>Whole generations side by side, from submission to their ends; divided by the steps, each of which makes a token per stream.</summary>
    [Benchmark(OperationsPerInvoke = OutputTokens)]
    public void Generate()
    {
        Begin();
        End();
    }

    /// <summary>Submits and steps until all streams decode.</summary>
    internal void Begin()
    {
        _streams.Clear();
        for (var i = 0; i < Streams; i++)
        {
            var prompt = new int[PromptTokens];
            for (var position = 0; position < prompt.Length; position++)
            {
                prompt[position] = _random.Next(_vocabulary.Count);
            }

            var generation = new Generation(
                new GenerationRequest
                {
                    Id = _nextId++,
                    PromptTokens = prompt,
                    MaxOutputTokens = OutputTokens,
                    Sampling = new SamplingParams { Seed = 1, Temperature = 0 },
                    Stop = ["\nUser:"],
                    IgnoreEos = false,
                },
                _vocabulary);
            if (_commands.TrySubmit(generation) != SubmitStatus.Accepted)
            {
                throw new InvalidOperationException("The queue is full.");
            }

            _streams.Add(generation.Stream);
        }

        Step();
        Step();
        Step();
    }

    /// <summary>Steps until all streams have ended.</summary>
    internal void End()
    {
        while (_loop.HasWork)
        {
            Step();
        }
    }

    /// <summary>One step, and everything it published read; returns the tokens.</summary>
    internal int Step()
    {
        _loop.Step();
        while (_reports.TryRead(static (in StepReport _, ReadOnlySpan<StepRow> _) => { }))
        {
        }

        var count = 0;
        foreach (var stream in _streams)
        {
            while (stream.TryRead(out var item))
            {
                count += item.Kind == GenerationEventKind.Token ? 1 : 0;
            }
        }

        return count;
    }
}
