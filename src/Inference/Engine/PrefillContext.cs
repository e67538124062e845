using System.Diagnostics;
using InferenceServer.Inference.Cache;
using InferenceServer.Inference.Models;
using InferenceServer.Inference.Models.Planning;
using InferenceServer.Inference.Native;
using InferenceServer.Inference.Scheduling;

namespace InferenceServer.Inference.Engine;

/// <summary>
/// Computes chunks of long prompts in slices of time, in a context of its own whose decode call can pause: it holds the prefix of one sequence, which it copies from the main context if it has
/// not computed it itself, and copies every chunk there that is done. Engine thread only.
/// </summary>
internal sealed class PrefillContext : IDisposable
{
    // Whatever sequence it is, it has this id here; through the other the library saves and restores a part of it.
    private const int Id = 0;
    private const int ScratchId = 1;
    private const long Nobody = -1;

    private readonly PausableContext _pausable;

    // Tokens that are copied from one context to the other at once: of more than a sliding window has the library would save the end only.
    private readonly int _copySize;
    private byte[] _copy = [];

    // Whose tokens are here, and how many of them; those that are being computed come behind them.
    private long _requestId = Nobody;
    private int _numTokens;

    private PrefillContext(PausableContext pausable, int copySize)
    {
        _pausable = pausable;
        _copySize = copySize;
    }

    /// <summary>Tokens of a sequence that it can hold.</summary>
    public int NumCells => _pausable.Context.NumCells;

    /// <summary>A context, or null with what the library said (normally: not enough memory).</summary>
    /// <param name="model">The model.</param>
    /// <param name="main">How the main context was made: this one computes the same numbers.</param>
    /// <param name="numCells">Tokens of a sequence that it is to hold.</param>
    /// <param name="failure">What the library said; null if there is a context.</param>
    public static PrefillContext? Create(LoadedModel model, ContextSettings main, int numCells, out string? failure) =>
        model.CreatePausableContext(EngineContext.ForSlices(main, numCells), out failure) is { } pausable
            ? new PrefillContext(pausable, model.SlidingWindow == 0 ? main.MaxBatchTokens : PrefixStore.SpanSize)
            : null;

    /// <summary>Computes for the time of a slice. Ok: the chunk is done, and waits for <see cref="CopyOut"/>.</summary>
    /// <param name="slice">From the step.</param>
    /// <param name="main">The main context, which has the sequence up to the chunk.</param>
    /// <param name="mainScratchId">An id of it that is nobody's.</param>
    public RunStatus Run(in ScheduledSlice slice, ContextHandle main, int mainScratchId)
    {
        var start = Stopwatch.GetTimestamp();
        var time = TimeSpan.FromMilliseconds(slice.Milliseconds);
        var goesOn = _pausable.IsComputing && (_requestId, _numTokens, _pausable.Batch.NumTokens) == (slice.Sequence.RequestId, slice.Start, slice.NumTokens);
        if (!goesOn && Prepare(slice, main, mainScratchId, start, time) is not RunStatus.Ok and var status)
        {
            return status;
        }

        switch (_pausable.Advance(time - Stopwatch.GetElapsedTime(start)))
        {
            case null:
                return RunStatus.Paused;
            case DecodeStatus.Ok:
                _numTokens = slice.Start + slice.NumTokens;
                return RunStatus.Ok;
            default:
                return RunStatus.Failed;
        }
    }

    /// <summary>Gives an id of the main context, empty before, the next part of the chunk that is done; returns the position after it, null if there are no cells for it.</summary>
    public int? CopyOut(int position, ContextHandle main, int mainScratchId)
    {
        var end = Math.Min(position + _copySize, _numTokens);
        return Copy(_pausable.Context, Id, ScratchId, main, mainScratchId, position, end) ? end : null;
    }

    /// <inheritdoc/>
    public void Dispose() => _pausable.Dispose();

    // Paused if the time was over before the sequence's prefix was here: the copies go on in the next slice.
    private RunStatus Prepare(in ScheduledSlice slice, ContextHandle main, int mainScratchId, long start, TimeSpan time)
    {
        var (sequence, context) = (slice.Sequence, _pausable.Context);
        if (_pausable.IsComputing || _requestId != sequence.RequestId)
        {
            // Whoever was here has what it computed in the main context, but for a chunk that it gave up.
            _pausable.Cancel();
            context.Clear();
            _requestId = sequence.RequestId;
            _numTokens = 0;
        }
        else if (_numTokens > slice.Start)
        {
            context.SequenceRemove(Id, slice.Start, -1);
            _numTokens = slice.Start;
        }

        while (_numTokens < slice.Start)
        {
            if (Stopwatch.GetElapsedTime(start) > time)
            {
                return RunStatus.Paused;
            }

            var end = Math.Min(_numTokens + _copySize, slice.Start);
            if (!Copy(main, sequence.Lease!.SequenceId, mainScratchId, context, ScratchId, _numTokens, end))
            {
                return RunStatus.Failed;
            }

            context.SequenceCopy(ScratchId, Id, _numTokens, end);
            context.SequenceRemove(ScratchId, -1, -1);
            _numTokens = end;
        }

        _pausable.Batch.Clear();
        for (var position = slice.Start; position < slice.Start + slice.NumTokens; position++)
        {
            _pausable.Batch.Add(sequence.Tokens[position], position, Id, wantsLogits: false);
        }

        return RunStatus.Ok;
    }

    // A part of a sequence to the scratch id of the other context.
    private bool Copy(ContextHandle source, int id, int scratchId, ContextHandle target, int targetScratchId, int start, int end) =>
        source.SavePart(id, scratchId, start, end, ref _copy) is > 0 and var length && target.RestoreSequence(targetScratchId, _copy.AsSpan(0, length));
}
