using System.Diagnostics;
using InferenceServer.Bench.Bare;
using InferenceServer.Bench.Load;
using InferenceServer.Inference;
using InferenceServer.Inference.Engine;
using InferenceServer.Inference.Sampling;
using InferenceServer.Inference.Scheduling;
using Microsoft.Extensions.Logging.Abstractions;

namespace InferenceServer.Bench.Compare;

/// <summary>Our engine in this process, without HTTP: says how much of a difference is the engine's and how much lies in front of it.</summary>
internal sealed class EngineAlone : IAsyncDisposable
{
    private readonly InferenceEngine _engine;
    private readonly Random _random = new(1);
    private readonly long _start = Stopwatch.GetTimestamp();
    private long _nextId;

    private EngineAlone(InferenceEngine engine) => _engine = engine;

    private double Now => Stopwatch.GetElapsedTime(_start).TotalSeconds;

    /// <summary>Loads the model with the server's defaults.</summary>
    public static async Task<EngineAlone> StartAsync(string modelPath)
    {
        var engine = new InferenceEngine(new InferenceOptions { ModelPath = modelPath }, modelPath, NullLoggerFactory.Instance);
        await engine.StartAsync(progress: null);
        return engine.State == EngineState.Ready ? new EngineAlone(engine) : throw new InvalidOperationException(engine.Failure);
    }

    /// <summary>Generates from prompts of the given sizes side by side, nothing cached; a reader per stream, as in the server.</summary>
    public async Task<GroupResults> RunAsync(IReadOnlyList<BarePrompt> prompts, int numTokens)
    {
        var calls = prompts.Select(prompt => new GenerationRequest
        {
            Id = _nextId++,
            PromptTokens = Enumerable.Range(0, prompt.NumTokens).Select(_ => _random.Next(1_000, 40_000)).ToArray(),
            MaxOutputTokens = numTokens,
            Sampling = new SamplingParams { Seed = 1, Temperature = 0 },
            IgnoreEos = true,
            ReusePrefix = false,
        }).ToArray();
        return new GroupResults("engine alone", await Task.WhenAll(calls.Select(RunAsync)));
    }

    public ValueTask DisposeAsync() => _engine.DisposeAsync();

    private async Task<CallResult> RunAsync(GenerationRequest request)
    {
        var sentAt = Now;
        var tokensAt = new List<double>(request.MaxOutputTokens);
        var finish = FinishReason.Error;
        var stream = _engine.Submit(request).Stream ?? throw new InvalidOperationException("The engine refused a request.");
        while (await stream.WaitToReadAsync(CancellationToken.None))
        {
            while (stream.TryRead(out var item))
            {
                if (item.Kind == GenerationEventKind.Token)
                {
                    tokensAt.Add(Now);
                }

                finish = item.Kind == GenerationEventKind.Finished ? item.Reason : finish;
            }
        }

        return new CallResult
        {
            Outcome = finish == FinishReason.Length ? CallOutcome.Completed : CallOutcome.Failed,
            SentAt = sentAt,
            EndedAt = Now,
            ContentAt = tokensAt,
            PromptTokens = request.PromptTokens.Length,
            CompletionTokens = tokensAt.Count,
        };
    }
}
