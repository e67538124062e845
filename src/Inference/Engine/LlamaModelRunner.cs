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

    // From an id to its twin; 0 without twins.
    private readonly int _twinOffset;
    private readonly int[] _firstTokenOfRow;
    private readonly int[] _lastTokenOfRow;
    private ContextHandle _context;
    private PrefillContext? _prefill;

    private LlamaModelRunner(LoadedModel model, ContextSettings settings, ContextHandle context, string fingerprint, int numSlicedTokens)
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

        // With a sliding window the library writes new tokens into cells that the window of their only sequence has passed, although another may fork there. Two ids hold every cell
        // then: a sequence's own and its twin, which always has the same cells.
        _twinOffset = canShare && model.SlidingWindow > 0 ? _scratchId / 2 : 0;
        Info = new ModelRunnerInfo
        {
            NumCells = context.NumCells,
            NumSequenceIds = !canShare ? settings.MaxSequences : _twinOffset > 0 ? _twinOffset : _scratchId,
            MaxBatchTokens = Math.Min(settings.MaxBatchTokens, context.NumUbatch),
            MaxOutputs = context.NumOutputs,
            MaxSequenceTokens = Math.Min(context.NumCells, model.NumContextTrain),
            CanSharePrefixes = canShare,

            // Of a span that is longer than the window the library would save the end only.
            CanSavePrefixes = canShare && model.SlidingWindow is 0 or >= PrefixStore.SpanSize,
            Fingerprint = fingerprint,
        };
        if (numSlicedTokens > 0 && Info.CanSavePrefixes)
        {
            _prefill = PrefillContext.Create(model, settings, Math.Min(numSlicedTokens, Info.MaxSequenceTokens), out var failure);
            PrefillFailure = failure;
            Info = Info with { MaxSlicedTokens = Math.Min(_prefill?.NumCells ?? 0, Info.MaxSequenceTokens) };
        }
    }

    /// <summary>Why there is no context for long prompts though one was asked for; null if there is.</summary>
    public string? PrefillFailure { get; }

    /// <inheritdoc/>
    public ModelRunnerInfo Info { get; }

    /// <summary>A runner for a model; throws <see cref="EngineLoadException"/> if the context cannot be made, normally for want of memory.</summary>
    /// <param name="model">The model.</param>
    /// <param name="settings">How to make its context.</param>
    /// <param name="fingerprint">See <see cref="ModelRunnerInfo.Fingerprint"/>.</param>
    /// <param name="numSlicedTokens">Tokens of a sequence that can be computed in slices; 0 for none. Takes as many more cells.</param>
    public static LlamaModelRunner Create(LoadedModel model, ContextSettings settings, string fingerprint, int numSlicedTokens)
    {
        var context = model.CreateContext(settings, out var failure)
            ?? throw new EngineLoadException($"No context of {settings.NumCells} cells could be made: {failure}. Try a smaller --context or another --kv-type.");
        return new LlamaModelRunner(model, settings, context, fingerprint, numSlicedTokens);
    }

    /// <inheritdoc/>
    public void Apply(IReadOnlyList<CacheOperation> operations)
    {
        for (var i = 0; i < operations.Count; i++)
        {
            var (kind, source, target, start, end) = operations[i];
            if (kind == CacheOperationKind.Copy)
            {
                Copy(source, target, start, end);
            }
            else
            {
                Forget(source, start, end);
            }
        }
    }

    /// <inheritdoc/>
    public byte[]? Save(SpanCopy copy)
    {
        byte[] state = [];
        return _context.SavePart(copy.SequenceId, _scratchId, copy.Start, copy.End, ref state) > 0 ? state : null;
    }

    /// <inheritdoc/>
    public bool Restore(in ScheduledRestore restore)
    {
        var isRestored = _context.RestoreSequence(_scratchId, restore.Span.State.Span);
        if (isRestored)
        {
            Copy(_scratchId, restore.Sequence.Lease!.SequenceId, restore.Start, restore.End);
        }

        Remove(_scratchId, -1, -1);
        return isRestored;
    }

    /// <inheritdoc/>
    public RunStatus Run(ScheduledStep step)
    {
        if (step.Slice is { } slice)
        {
            return Run(slice);
        }

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
            HoldTwice(step);
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
        _prefill?.Dispose();
        _prefill = null;
        if (_model.CreateContext(_settings, out _) is not { } context)
        {
            return false;
        }

        _context = context;
        _prefill = Info.MaxSlicedTokens == 0 ? null : PrefillContext.Create(_model, _settings, Info.MaxSlicedTokens, out _);
        return Info.MaxSlicedTokens == 0 || _prefill is not null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _prefill?.Dispose();
        _context.Dispose();
        _batch.Dispose();
    }

    private RunStatus Run(in ScheduledSlice slice)
    {
        var status = _prefill!.Run(slice, _context, _scratchId);
        for (var position = slice.Start; status == RunStatus.Ok && position < slice.Start + slice.NumTokens;)
        {
            if (_prefill.CopyOut(position, _context, _scratchId) is not { } end)
            {
                // Its sequence is computed again from where it was.
                Forget(slice.Sequence.Lease!.SequenceId, slice.Start, -1);
                return RunStatus.NoCells;
            }

            Copy(_scratchId, slice.Sequence.Lease!.SequenceId, position, end);
            Remove(_scratchId, -1, -1);
            position = end;
        }

        return status;
    }

    private void Copy(int source, int target, int start, int end)
    {
        _context.SequenceCopy(source, target, start, end);
        if (_twinOffset > 0)
        {
            _context.SequenceCopy(source, target + _twinOffset, start, end);
        }
    }

    private void Forget(int sequenceId, int start, int end)
    {
        Remove(sequenceId, start, end);
        if (_twinOffset > 0)
        {
            Remove(sequenceId + _twinOffset, start, end);
        }
    }

    private void Remove(int sequenceId, int start, int end)
    {
        if (!_context.SequenceRemove(sequenceId, start, end))
        {
            throw new InvalidOperationException($"The library did not remove positions {start} to {end} of sequence id {sequenceId}.");
        }
    }

    private void HoldTwice(ScheduledStep step)
    {
        for (var i = 0; _twinOffset > 0 && i < step.Rows.Count; i++)
        {
            var id = step[i].Sequence.Lease!.SequenceId;
            _context.SequenceCopy(id, id + _twinOffset, step[i].Start, step[i].Start + step[i].NumTokens);
        }
    }
}
