using System.Diagnostics;
using InferenceServer.Inference.Models;
using InferenceServer.Inference.Sampling;
using InferenceServer.Inference.Scheduling;

namespace InferenceServer.Inference.Engine;

/// <summary>
/// Picks a token for every row of a step that wants one, and scores the prompt tokens whose log probabilities are wanted.
/// When that takes long enough, pool threads help; the engine thread takes rows too and never waits for a helper that has not
/// started. Engine thread only, apart from its helpers.
/// </summary>
internal sealed class RowSampler : IThreadPoolWorkItem
{
    // Waking a helper costs some 10 to 50 us: below this estimate of the whole pass it does not pay.
    private const double MinParallelMicroseconds = 150;

    [ThreadStatic]
    private static SamplerScratch? _scratch;

    private readonly IModelRunner _runner;
    private readonly Vocabulary _vocabulary;

    // What is to be read: first the rows to sample, in order, then the prompt tokens to score, in order.
    private readonly Place[] _places;
    private readonly SampledToken[] _sampled;
    private readonly TokenLogProbs[] _scored;
    private readonly int _numHelpers = Math.Min(Environment.ProcessorCount, 8) - 1;
    private ScheduledStep? _step;

    // Count of rows in the upper half, next row in the lower: one increment claims a row and tells whether there is one,
    // also for a helper that starts late, in a later step.
    private long _claims;
    private int _numSampled;
    private int _numDone;
    private Exception? _failure;
    private double _microsecondsPerRow;

    /// <param name="runner">Where the logits are.</param>
    /// <param name="vocabulary">What the tokens are.</param>
    /// <param name="limits">Rows and outputs of a step at most.</param>
    public RowSampler(IModelRunner runner, Vocabulary vocabulary, SchedulerLimits limits)
    {
        _runner = runner;
        _vocabulary = vocabulary;
        _places = new Place[limits.MaxOutputs];
        _scored = new TokenLogProbs[limits.MaxOutputs];
        _sampled = new SampledToken[limits.MaxSequences];
    }

    /// <summary>How likely the prompt tokens of the step last sampled were: <see cref="ScheduledRow.NumPromptLogits"/> entries a row, rows in order.</summary>
    public ReadOnlySpan<TokenLogProbs> Scored => _scored;

    /// <summary>One entry per row that wants an output, in order. Valid until the next call.</summary>
    public ReadOnlySpan<SampledToken> Sample(ScheduledStep step)
    {
        var count = TakePlaces(step);
        if (count == 0)
        {
            return [];
        }

        var start = Stopwatch.GetTimestamp();
        _step = step;
        _numDone = 0;
        GetLogits(_places[0]); // the first read may reorder the library's outputs: do it before anybody else reads
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

        return _sampled.AsSpan(0, _numSampled);
    }

    /// <summary>A helper's turn.</summary>
    public void Execute() => SampleClaimedRows();

    private int TakePlaces(ScheduledStep step)
    {
        _numSampled = 0;
        for (var i = 0; i < step.Rows.Count; i++)
        {
            if (step[i].WantsOutput)
            {
                _places[_numSampled++] = new Place(i, Place.Last);
            }
        }

        var count = _numSampled;
        for (var i = 0; count < step.NumOutputs; i++)
        {
            var first = step[i].FirstPromptLogits;
            for (var token = first; token < first + step[i].NumPromptLogits; token++)
            {
                _places[count++] = new Place(i, token);
            }
        }

        return count;
    }

    private ReadOnlySpan<float> GetLogits(Place place) =>
        place.Token == Place.Last ? _runner.GetLogits(place.Row) : _runner.GetLogits(place.Row, place.Token);

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
                if (index < _numSampled)
                {
                    _sampled[index] = SampleRow(_places[index].Row);
                }
                else
                {
                    _scored[index - _numSampled] = ScoreToken(_places[index]);
                }
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

    private SampledToken SampleRow(int row) =>
        ((Generation)_step![row].Sequence).Sample(_runner.GetLogits(row), _vocabulary, _scratch ??= new SamplerScratch());

    // The logits after a token tell how likely the one behind it was.
    private TokenLogProbs ScoreToken(Place place)
    {
        var (sequence, start, _, _, _) = _step![place.Row];
        return LogProbs.Compute(
            _runner.GetLogits(place.Row, place.Token),
            sequence.Tokens[start + place.Token + 1],
            ((Generation)sequence).PromptTopLogProbs,
            _vocabulary,
            _scratch ??= new SamplerScratch());
    }

    /// <summary>A token of the step whose logits are wanted.</summary>
    /// <param name="Row">Its row.</param>
    /// <param name="Token">Its index within the row, or <see cref="Last"/>.</param>
    private readonly record struct Place(int Row, int Token)
    {
        public const int Last = -1;
    }
}
