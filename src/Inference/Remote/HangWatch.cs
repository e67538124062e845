using InferenceServer.Inference.Engine;
using InferenceServer.Inference.Remote.Frames;

namespace InferenceServer.Inference.Remote;

/// <summary>
/// Decides when an engine's process that still runs is of no use any more: from its signs of life, its counts and the time. Pure; one of these for each
/// process; the caller locks.
/// </summary>
/// <param name="patience">Without any sign, progress or step's end.</param>
/// <param name="startedAt">When the process started, in time since any moment.</param>
/// <param name="modelBytes">What a step may have to read from the disk.</param>
internal sealed class HangWatch(TimeSpan patience, TimeSpan startedAt, long modelBytes = 0)
{
    /// <summary>Between two signs of life.</summary>
    public static readonly TimeSpan PulseInterval = TimeSpan.FromSeconds(1);

    // The first step of a process pages weights in, and a full prefill step takes some ten times what a decode step takes.
    private const int LongestStepFactor = 20;

    // A slow SSD.
    private const double DiskBytesPerSecond = 5e8;

    // A request that ended and its cells are told in one frame; pulses may be a step older.
    private static readonly TimeSpan IdlePatience = TimeSpan.FromSeconds(5);

    // Whoever did not look for so long was stopped or starved itself, and cannot say that others were.
    private static readonly TimeSpan OwnAbsence = TimeSpan.FromSeconds(3);

    // An embedding step of one long input may take so many times what steps take, and the engine waits for its turn.
    private const int CallFactor = 6;

    private TimeSpan _heardAt = startedAt;
    private TimeSpan _progressAt = startedAt;
    private TimeSpan _takenAt = startedAt;
    private TimeSpan _stepAt = startedAt;
    private TimeSpan _judgedAt = startedAt;
    private TimeSpan? _leakedSince;
    private Pulse _last = new(new EngineStats(), false, 0, 0);
    private bool _hasPulse;
    private bool _isQueueLeft;

    private TimeSpan StepPatience =>
        TimeSpan.FromSeconds(Math.Max(patience.TotalSeconds + (modelBytes / DiskBytesPerSecond), LongestStepFactor * _last.LongestStepSeconds));

    /// <summary>A frame came, of whatever kind.</summary>
    public void Hear(TimeSpan now) => _heardAt = now;

    /// <summary>An event, a report or a load's progress came.</summary>
    public void Progress(TimeSpan now) => (_heardAt, _progressAt, _stepAt) = (now, now, now);

    /// <summary>A sign of life came.</summary>
    public void Observe(Pulse pulse, TimeSpan now)
    {
        _heardAt = now;
        var (stats, before) = (pulse.Stats, _last.Stats);
        if (stats.NumSteps != before.NumSteps || stats.NumFailedSteps != before.NumFailedSteps || stats.NumRestoredTokens != before.NumRestoredTokens || stats.NumSavedTokens != before.NumSavedTokens)
        {
            _progressAt = now;
        }

        if (stats.StepStartedAt != before.StepStartedAt)
        {
            _stepAt = now;
        }

        _isQueueLeft = pulse.HasCommands && _last.HasCommands && pulse.NumTakenCommands == _last.NumTakenCommands;
        if (!_isQueueLeft)
        {
            _takenAt = now;
        }

        _last = pulse;
        _hasPulse = true;
    }

    /// <summary>Why the process must end; null if all is well.</summary>
    /// <param name="hasWork">It was given requests that have not ended.</param>
    /// <param name="isCalled">It was given calls that have not ended.</param>
    /// <param name="now">The time.</param>
    public EngineExit? Judge(bool hasWork, bool isCalled, TimeSpan now)
    {
        var wasAbsent = now - _judgedAt > OwnAbsence;
        _judgedAt = now;
        if (wasAbsent)
        {
            (_heardAt, _progressAt, _takenAt, _stepAt, _leakedSince) = (now, now, now, now, null);
        }

        if (!hasWork)
        {
            _progressAt = now;
        }

        var stats = _last.Stats;
        if (now - _heardAt > patience)
        {
            return EngineExit.Hang;
        }

        if (!_hasPulse)
        {
            return null;
        }

        if (stats.StepStartedAt != 0)
        {
            return now - _stepAt > StepPatience ? EngineExit.Hang : null;
        }

        if (now - _takenAt > StepPatience)
        {
            return EngineExit.QueueStuck;
        }

        // Work that nobody takes out of the queue is the queue's fault, which is certain a pulse later.
        if (!_isQueueLeft && now - _progressAt > (isCalled ? CallFactor : 1) * StepPatience)
        {
            return EngineExit.Stalled;
        }

        return stats.NumBookErrors > 0 || IsLeaking(hasWork, now) ? EngineExit.Books : null;
    }

    private bool IsLeaking(bool hasWork, TimeSpan now)
    {
        if (hasWork || _last.Stats is { NumUsedCells: 0, NumRunning: 0, NumWaiting: 0 })
        {
            _leakedSince = null;
            return false;
        }

        _leakedSince ??= now;
        return now - _leakedSince > IdlePatience;
    }
}
