using InferenceServer.Inference.Cache;
using InferenceServer.Inference.Models;
using InferenceServer.Inference.Native;
using InferenceServer.Inference.Scheduling;

namespace InferenceServer.Inference.Engine;

/// <summary>The device by llama.cpp: one context with unified KV memory, one batch allocated for life. Engine thread only.</summary>
internal sealed class LlamaModelRunner : IModelRunner
{
    private readonly LoadedModel _model;
    private readonly ContextSettings _settings;
    private readonly NativeBatch _batch;
    private readonly int _scratchId;
    private readonly int[] _firstTokenOfRow;
    private readonly int[] _lastTokenOfRow;
    private ContextHandle _context;

    private LlamaModelRunner(LoadedModel model, ContextSettings settings, ContextHandle context, string fingerprint)
    {
        _model = model;
        _settings = settings;
        _context = context;
        _batch = new NativeBatch(settings.MaxBatchTokens);
        _firstTokenOfRow = new int[settings.MaxSequences];
        _lastTokenOfRow = new int[settings.MaxSequences];
        var canShare = !model.IsRecurrent && !model.IsHybrid;

        // The last id is nobody's: through it the library saves and restores a part of a sequence.
        _scratchId = settings.MaxSequences - 1;
        Info = new ModelRunnerInfo
        {
            NumCells = context.NumCells,
            NumSequenceIds = canShare ? _scratchId : settings.MaxSequences,
            MaxBatchTokens = Math.Min(settings.MaxBatchTokens, context.NumUbatch),
            MaxOutputs = context.NumOutputs,
            MaxSequenceTokens = Math.Min(context.NumCells, model.NumContextTrain),
            CanSharePrefixes = canShare,

            // With a sliding window the library makes room for what comes back in cells that the window has passed, although others may want them.
            CanSavePrefixes = canShare && model.SlidingWindow == 0,
            Fingerprint = fingerprint,
        };
    }

    /// <inheritdoc/>
    public ModelRunnerInfo Info { get; }

    /// <summary>A runner for a model; throws <see cref="EngineLoadException"/> if the context cannot be made, normally for want of memory.</summary>
    public static LlamaModelRunner Create(LoadedModel model, ContextSettings settings, string fingerprint)
    {
        var context = model.CreateContext(settings, out var failure)
            ?? throw new EngineLoadException($"No context of {settings.NumCells} cells could be made: {failure}. Try a smaller --context or another --kv-type.");
        return new LlamaModelRunner(model, settings, context, fingerprint);
    }

    /// <inheritdoc/>
    public void Apply(IReadOnlyList<CacheOperation> operations)
    {
        for (var i = 0; i < operations.Count; i++)
        {
            var (kind, source, target, start, end) = operations[i];
            if (kind == CacheOperationKind.Copy)
            {
                _context.SequenceCopy(source, target, start, end);
            }
            else if (!_context.SequenceRemove(source, start, end))
            {
                throw new InvalidOperationException($"The library did not remove positions {start} to {end} of sequence id {source}.");
            }
        }
    }

    /// <inheritdoc/>
    public byte[]? Save(SpanCopy copy)
    {
        _context.SequenceCopy(copy.SequenceId, _scratchId, copy.Start, copy.End);
        var state = GC.AllocateUninitializedArray<byte>((int)_context.SequenceStateSize(_scratchId));
        var length = _context.SaveSequence(_scratchId, state);
        ClearScratch();
        return length == state.Length ? state : null;
    }

    /// <inheritdoc/>
    public bool Restore(in ScheduledRestore restore)
    {
        var isRestored = _context.RestoreSequence(_scratchId, restore.Span.State.Span);
        if (isRestored)
        {
            _context.SequenceCopy(_scratchId, restore.Sequence.Lease!.SequenceId, restore.Start, restore.End);
        }

        ClearScratch();
        return isRestored;
    }

    /// <inheritdoc/>
    public RunStatus Run(ScheduledStep step)
    {
        _batch.Clear();
        for (var i = 0; i < step.Rows.Count; i++)
        {
            var row = step[i];
            var tokens = row.Sequence.Tokens;
            var sequenceId = row.Sequence.Lease!.SequenceId;
            var firstLogits = row.FirstPromptLogits;
            var endLogits = firstLogits + row.NumPromptLogits;
            _firstTokenOfRow[i] = _batch.NumTokens;
            for (var token = 0; token < row.NumTokens; token++)
            {
                var isWanted = (token >= firstLogits && token < endLogits) || (row.WantsOutput && token == row.NumTokens - 1);
                _batch.Add(tokens[row.Start + token], row.Start + token, sequenceId, isWanted);
            }

            _lastTokenOfRow[i] = _batch.NumTokens - 1;
        }

        var status = _context.Decode(_batch);
        if (status == DecodeStatus.Ok)
        {
            _context.Synchronize();
        }

        return status switch
        {
            DecodeStatus.Ok => RunStatus.Ok,
            DecodeStatus.NoCells => RunStatus.NoCells,
            _ => RunStatus.Failed,
        };
    }

    /// <inheritdoc/>
    public ReadOnlySpan<float> GetLogits(int row) => _context.GetLogits(_lastTokenOfRow[row]);

    /// <inheritdoc/>
    public ReadOnlySpan<float> GetLogits(int row, int token) => _context.GetLogits(_firstTokenOfRow[row] + token);

    /// <inheritdoc/>
    public (int Min, int Max) GetPositions(int sequenceId) => (_context.PositionMin(sequenceId), _context.PositionMax(sequenceId));

    /// <inheritdoc/>
    public bool Reset()
    {
        // A failed Metal command buffer latches in the context's backend; the model is not touched by it (reference: peers, fact 5).
        _context.Dispose();
        var context = _model.CreateContext(_settings, out _);
        _context = context ?? _context;
        return context is not null;
    }

    private void ClearScratch()
    {
        if (!_context.SequenceRemove(_scratchId, -1, -1))
        {
            throw new InvalidOperationException("The library did not forget a sequence id.");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _context.Dispose();
        _batch.Dispose();
    }
}
