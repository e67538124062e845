using System.Diagnostics;
using System.Numerics.Tensors;
using InferenceServer.Inference.Models;
using InferenceServer.Inference.Native;
using Microsoft.Extensions.Logging.Abstractions;

namespace InferenceServer.Bench.Bare;

/// <summary>
/// What is left of serving when everything but <c>llama_decode</c> and a greedy pick is taken away: prompts in full batches, then
/// one row per sequence until all have their tokens. The yardstick for the served rate. One thread at a time.
/// </summary>
internal sealed class BareLoop : IDisposable
{
    private readonly LoadedModel _model;
    private readonly ContextHandle _context;
    private readonly NativeBatch _batch;
    private readonly int _prefixSequence;

    private BareLoop(LoadedModel model, ContextHandle context)
    {
        _model = model;
        _context = context;
        _batch = new NativeBatch(context.NumBatch);
        _prefixSequence = context.NumSequences - 1;
    }

    /// <summary>Loads the model; throws if that cannot be done.</summary>
    public static BareLoop Load(BareSettings settings)
    {
        NativeLibraries.Load(folder: null, NullLogger.Instance);
        var loaded = LoadedModel.Load(new ModelLoadSettings { Path = settings.ModelPath }, CancellationToken.None);
        var model = loaded.Model ?? throw new InvalidOperationException($"{settings.ModelPath} could not be loaded: {loaded.Detail}");
        var context = model.CreateContext(
            new ContextSettings
            {
                NumCells = settings.NumCells,
                MaxBatchTokens = settings.MaxBatchTokens,
                MaxSequences = settings.NumSequenceIds,
                MaxOutputs = settings.NumSequenceIds,
                KvCacheType = settings.KvCacheType,
                Threads = settings.Threads,

                // As the engine's.
                KeepsThreads = !ComputeDevice.Enumerate().Any(device => device.IsGpu),
            },
            out var failure);
        return new BareLoop(model, context ?? throw new InvalidOperationException($"No context could be made: {failure}"));
    }

    /// <summary>Computes prompts of the given sizes side by side and generates from each. Tokens are random: their values cost nothing.</summary>
    public BareResult Run(IReadOnlyList<BarePrompt> prompts, int numTokens)
    {
        _context.Clear();
        var random = new Random(1);
        ShareCells(prompts, random);
        var next = new int[prompts.Count];
        var start = Stopwatch.GetTimestamp();
        Prefill(prompts, random, next);
        var prefill = Stopwatch.GetElapsedTime(start).TotalSeconds;
        start = Stopwatch.GetTimestamp();
        for (var index = 1; index < numTokens; index++)
        {
            for (var id = 0; id < prompts.Count; id++)
            {
                _batch.Add(next[id], prompts[id].NumTokens + index - 1, id, wantsLogits: true);
            }

            Decode();
            for (var id = 0; id < prompts.Count; id++)
            {
                next[id] = TensorPrimitives.IndexOfMax(_context.GetLogits(id));
            }
        }

        return new BareResult(prompts.Count, numTokens, prefill, Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    public void Dispose()
    {
        _batch.Dispose();
        _context.Dispose();
        _model.Dispose();
    }

    private void ShareCells(IReadOnlyList<BarePrompt> prompts, Random random)
    {
        var length = prompts.Max(prompt => prompt.NumCachedTokens);
        for (var position = 0; position < length; position++)
        {
            Add(random, position, _prefixSequence, wantsLogits: false);
        }

        FlushIfAny();
        for (var id = 0; id < prompts.Count; id++)
        {
            if (prompts[id].NumCachedTokens > 0)
            {
                _context.SequenceCopy(_prefixSequence, id, 0, prompts[id].NumCachedTokens);
            }
        }
    }

    private void Prefill(IReadOnlyList<BarePrompt> prompts, Random random, int[] next)
    {
        var finished = new List<(int Id, int Row)>();
        for (var id = 0; id < prompts.Count; id++)
        {
            for (var position = prompts[id].NumCachedTokens; position < prompts[id].NumTokens; position++)
            {
                if (_batch.NumTokens == _context.NumBatch)
                {
                    Finish(finished, next);
                }

                var isLast = position == prompts[id].NumTokens - 1;
                if (isLast)
                {
                    finished.Add((id, _batch.NumTokens));
                }

                Add(random, position, id, isLast);
            }
        }

        Finish(finished, next);
    }

    private void Finish(List<(int Id, int Row)> finished, int[] next)
    {
        Decode();
        foreach (var (id, row) in finished)
        {
            next[id] = TensorPrimitives.IndexOfMax(_context.GetLogits(row));
        }

        finished.Clear();
    }

    private void Add(Random random, int position, int sequenceId, bool wantsLogits)
    {
        if (_batch.NumTokens == _context.NumBatch)
        {
            Decode();
        }

        _batch.Add(random.Next(_model.Vocabulary.Count), position, sequenceId, wantsLogits);
    }

    private void FlushIfAny()
    {
        if (_batch.NumTokens > 0)
        {
            Decode();
        }
    }

    private void Decode()
    {
        var status = _context.Decode(_batch);
        if (status != DecodeStatus.Ok)
        {
            throw new InvalidOperationException($"llama_decode of {_batch.NumTokens} tokens: {status}.");
        }

        _context.Synchronize();
        _batch.Clear();
    }
}
