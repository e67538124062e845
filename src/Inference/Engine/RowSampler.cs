using System.Diagnostics;
using InferenceServer.Inference.Models;
using InferenceServer.Inference.Sampling;
using InferenceServer.Inference.Scheduling;

namespace InferenceServer.Inference.Engine;

/// <summary>
/// Picks a token for every row of a step that wants one. When the rows take long enough, pool threads help; the engine
/// thread takes rows too and never waits for a helper that has not started. Engine thread only, apart from its helpers.
/// </summary>
internal sealed class RowSampler : IThreadPoolWorkItem
{
    // Waking a helper costs some 10 to 50 us: below this estimate of the whole pass it does not pay.
    private const double MinParallelMicroseconds = 150;

    [ThreadStatic]
    private static SamplerScratch? _scratch;

    private readonly IModelRunner _runner;
    private readonly Vocabulary _vocabulary;
    private readonly int[] _rows;
    private readonly SampledToken[] _sampled;
    private readonly int _numHelpers = Math.Min(Environment.ProcessorCount, 8) - 1;
    private ScheduledStep? _step;

    // Count of rows in the upper half, next row in the lower: one increment claims a row and tells whether there is one,
    // also for a helper that starts late, in a later step.
    private long _claims;
    private int _numDone;
    private Exception? _failure;
    private double _microsecondsPerRow;

    /// <param name="runner">Where the logits are.</param>
    /// <param name="vocabulary">What the tokens are.</param>
    /// <param name="maxRows">Rows of a step at most.</param>
    public RowSampler(IModelRunner runner, Vocabulary vocabulary, int maxRows)
    {
        _runner = runner;
        _vocabulary = vocabulary;
        _rows = new int[maxRows];
        _sampled = new SampledToken[maxRows];
    }

    /// <summary>One entry per row that wants an output, in order. Valid until the next call.</summary>
    public ReadOnlySpan<SampledToken> Sample(ScheduledStep step)
    {
        var count = 0;
        for (var i = 0; i < step.Rows.Count; i++)
        {
            if (step[i].WantsOutput)
            {
                _rows[count++] = i;
            }
        }

        if (count == 0)
        {
            return [];
        }

        var start = Stopwatch.GetTimestamp();
        _step = step;
        _numDone = 0;
        _runner.GetLogits(_rows[0]); // the first read may reorder the library's outputs: do it before anybody else reads
        Volatile.Write(ref _claims, (long)count << 32);
        var isParallel = count > 1 && _microsecondsPerRow * count > MinParallelMicroseconds;
        for (var i = 0; isParallel && i < Math.Min(_numHelpers, count - 1); i++)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }

        SampleClaimedRows();
        var spin = default(SpinWait);
        while (Volatile.Read(ref _numDone) < count)
        {
            spin.SpinOnce(sleep1Threshold: -1); // a helper is inside one row: microseconds
        }

        if (!isParallel)
        {
            var perRow = Stopwatch.GetElapsedTime(start).TotalMicroseconds / count;
            _microsecondsPerRow = _microsecondsPerRow == 0 ? perRow : (0.9 * _microsecondsPerRow) + (0.1 * perRow);
        }

        if (_failure is { } failure)
        {
            _failure = null;
            throw new InvalidOperationException("Sampling failed.", failure);
        }

        return _sampled.AsSpan(0, count);
    }

    /// <summary>A helper's turn.</summary>
    public void Execute() => SampleClaimedRows();

    private void SampleClaimedRows()
    {
        while (true)
        {
            var claim = Interlocked.Increment(ref _claims) - 1;
            var index = (int)(claim & uint.MaxValue);
            if (index >= (int)(claim >> 32))
            {
                return;
            }

            try
            {
                _sampled[index] = SampleRow(_rows[index]);
            }
#pragma warning disable CA1031 // a helper must not take the process down: the engine thread reports what it caught
            catch (Exception exception)
#pragma warning restore CA1031
            {
                _failure = exception;
            }

            Interlocked.Increment(ref _numDone);
        }
    }

    private SampledToken SampleRow(int row)
    {
        var generation = (Generation)_step![row].Sequence;
        var token = Sampler.Pick(
            _runner.GetLogits(row),
            generation.Sampling,
            generation.SamplerState,
            generation.NumOutputTokens,
            generation.GetBanned(_vocabulary),
            _scratch ??= new SamplerScratch());
        return token == Sampler.NoToken
            ? new SampledToken(token, FinishReason.Error) // the device gave no number, or the request forbids every token
            : new SampledToken(token, generation.Accept(token, _vocabulary));
    }
}
