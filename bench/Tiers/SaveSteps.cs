using System.Diagnostics;
using InferenceServer.Bench.Statistics;
using InferenceServer.Inference;
using InferenceServer.Inference.Engine;
using InferenceServer.Inference.Sampling;
using Microsoft.Extensions.Logging.Abstractions;

namespace InferenceServer.Bench.Tiers;

/// <summary>
/// How much later a step begins while what another request left behind is copied out: the time between the end of a step and the begin of the next, by the engine's own reports. The engine is in
/// this process, on the model's default settings but for the type of KV.
/// </summary>
internal sealed class SaveSteps : IAsyncDisposable
{
    private const int PromptTokens = 1500;

    private readonly InferenceEngine _engine;
    private readonly Random _random = new(1);
    private readonly List<StepReport> _steps = [];
    private readonly List<double> _saving = [];
    private readonly List<double> _other = [];
    private long _nextId;

    private SaveSteps(InferenceEngine engine) => _engine = engine;

    /// <summary>Loads the model.</summary>
    /// <param name="modelPath">GGUF file.</param>
    /// <param name="kvType">Type of K and V.</param>
    /// <param name="folder">For prefixes on disk.</param>
    public static async Task<SaveSteps> StartAsync(string modelPath, KvCacheType kvType, string folder)
    {
        var options = new InferenceOptions { ModelPath = modelPath, KvCacheType = kvType };
        var engine = new InferenceEngine(options, modelPath, NullLoggerFactory.Instance, cache: new CacheOptions { DiskPath = folder });
        await engine.StartAsync(progress: null);
        return engine.State == EngineState.Ready ? new SaveSteps(engine) : throw new InvalidOperationException(engine.Failure);
    }

    /// <summary>Saves so many prompts, each beside a stream, and returns the table; says on the standard error what it is at.</summary>
    public async Task<MarkdownTable> RunAsync(int numRounds)
    {
        for (var round = 0; round < numRounds; round++)
        {
            await PlayAsync();
            Console.Error.WriteLine($"round {round + 1}: {_saving.Count} steps while something was saved, longest wait for one {_saving.DefaultIfEmpty().Max():0.00} ms");
        }

        var table = new MarkdownTable("between two steps of a stream, ms", "steps", "median", "p99", "longest");
        Add(table, "nothing is saved", _other);
        Add(table, "a prefix is saved", _saving);
        return table;
    }

    public ValueTask DisposeAsync() => _engine.DisposeAsync();

    private static void Add(MarkdownTable table, string name, List<double> milliseconds)
    {
        var all = new Distribution(milliseconds);
        table.Add(name, MarkdownTable.Number(all.Count), MarkdownTable.Number(all.Median, 2), MarkdownTable.Number(all.Quantile(0.99), 2), MarkdownTable.Number(all.Max, 2));
    }

    // The stream begins when the prompt is computed, and goes on after what it is saved.
    private async Task PlayAsync()
    {
        var savedBefore = _engine.Stats.NumSavedTokens;
        var prompt = Submit(PromptTokens, 24);
        await ReadAsync(prompt, numTokens: 1);
        var stream = Submit(64, 160);
        await ReadAsync(stream, numTokens: 1);
        Task[] reading = [ReadAsync(stream, int.MaxValue), ReadAsync(prompt, int.MaxValue)];
        await reading[1];
        var begin = Stopwatch.GetTimestamp();
        var end = begin;
        _steps.Clear();
        for (var saved = savedBefore; !reading[0].IsCompleted; await Task.Delay(2))
        {
            var now = _engine.Stats.NumSavedTokens;
            end = now > saved ? Stopwatch.GetTimestamp() : end;
            saved = now;
            while (_engine.StepReports.TryRead((in StepReport report, ReadOnlySpan<StepRow> _) => _steps.Add(report)))
            {
            }
        }

        for (var i = 1; i < _steps.Count; i++)
        {
            var endedAt = _steps[i - 1].EndedAt;
            if (endedAt >= begin && _steps[i].NumDecodes > 0)
            {
                (endedAt < end ? _saving : _other).Add(Stopwatch.GetElapsedTime(endedAt, _steps[i].StartedAt).TotalMilliseconds);
            }
        }
    }

    private GenerationStream Submit(int numTokens, int maxTokens) => _engine.Submit(new GenerationRequest
    {
        Id = _nextId++,
        PromptTokens = Enumerable.Range(0, numTokens).Select(_ => _random.Next(1_000, 40_000)).ToArray(),
        MaxOutputTokens = maxTokens,
        Sampling = new SamplingParams { Seed = 1, Temperature = 0 },
        IgnoreEos = true,
    }).Stream ?? throw new InvalidOperationException("The engine refused a request.");

    private static async Task ReadAsync(GenerationStream stream, int numTokens)
    {
        while (numTokens > 0 && await stream.WaitToReadAsync(CancellationToken.None))
        {
            while (numTokens > 0 && stream.TryRead(out var item))
            {
                numTokens -= item.Kind == GenerationEventKind.Token ? 1 : 0;
            }
        }
    }
}
