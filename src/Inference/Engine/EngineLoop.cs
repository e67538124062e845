using System.Collections.Immutable;
using System.Diagnostics;
using InferenceServer.Inference.Cache;
using InferenceServer.Inference.Cache.Disk;
using InferenceServer.Inference.Models;
using InferenceServer.Inference.Scheduling;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Inference.Engine;

/// <summary>
/// The batched decode loop: drain commands, schedule, run, post-process, publish. Everything here belongs to the engine
/// thread; other threads meet it in <see cref="CommandQueue"/>, <see cref="GenerationStream"/> and <see cref="GetStats"/>.
/// </summary>
internal sealed class EngineLoop
{
    private static readonly TimeSpan ReadPatience = TimeSpan.FromMilliseconds(100);

    private readonly IModelRunner _runner;
    private readonly Vocabulary _vocabulary;
    private readonly CommandQueue _commands;
    private readonly Scheduler _scheduler;
    private readonly StepCosts _costs;
    private readonly PrefixStore? _store;
    private readonly DiskTier? _disk;
    private readonly PrefixTraffic? _traffic;
    private readonly RowSampler _sampler;
    private readonly StreamPublisher _publisher;
    private readonly DeviceTurns _turns;
    private readonly ILogger _logger;
    private long _numSteps;
    private long _numPrefillTokens;
    private long _numFailedSteps;
    private long _numBookChecks;
    private long _numBookErrors;
    private long _stepStartedAt;
    private long _numKeepWarmSteps;
    private bool _hasRunSinceCheck;
    private bool _isBlocked;
    private double _longestRun;
    private StepReporter? _reporter;

    /// <param name="runner">The device.</param>
    /// <param name="vocabulary">Its vocabulary.</param>
    /// <param name="commands">The way in.</param>
    /// <param name="limits">What a step and the engine may hold.</param>
    /// <param name="turns">When it may compute.</param>
    /// <param name="logger">For failures of the device.</param>
    /// <param name="store">Where prefixes go that leave the cells; null: nowhere.</param>
    /// <param name="disk">Where they go from there; null: nowhere.</param>
    public EngineLoop(
        IModelRunner runner, Vocabulary vocabulary, CommandQueue commands, SchedulerLimits limits, DeviceTurns turns, ILogger logger, PrefixStore? store = null, DiskTier? disk = null)
    {
        _runner = runner;
        _vocabulary = vocabulary;
        _commands = commands;
        _turns = turns;
        _logger = logger;
        _costs = new StepCosts();
        _store = store;
        _disk = disk;
        _traffic = store is null ? null : new PrefixTraffic(store, limits, disk?.Books, _costs);
        _scheduler = new Scheduler(limits, CreateCache(), _costs, _traffic);
        _sampler = new RowSampler(runner, vocabulary, limits);
        _publisher = new StreamPublisher(vocabulary, _sampler, commands);
    }

    /// <summary>After so long without work a token is computed for nobody, so that the weights stay in memory; infinite for never.</summary>
    public TimeSpan KeepWarmInterval { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>Says what prefixes may have of the host's memory; null for what the store was made with.</summary>
    public MemoryWatch? Memory { get; init; }

    /// <summary>Told when what was published may go to its readers: behind a step, before one that admits somebody (what kills it leaves a trace), and when there is nothing left to do (true). Null: nobody waits for that.</summary>
    public Action<bool>? Flush { get; init; }

    /// <summary>The longest step so far, in seconds; any thread.</summary>
    public double LongestRun => Volatile.Read(ref _longestRun);

    /// <summary>True if a step could do anything.</summary>
    public bool HasWork => _scheduler.HasWork;

    /// <summary>One step. Waits for a command first if there is nothing to run.</summary>
    public void Step()
    {
        DrainCommands();
        if (Memory is { } memory && memory.Room != _store!.Index.MaxBytes)
        {
            _store.Index.Limit(memory.Room);
        }

        _disk?.Exchange(_store!);
        var outputs = _publisher.NumOutputTokens;
        var step = _scheduler.Schedule();
        _isBlocked = step.IsEmpty && step.Restores.Count == 0;
        ApplyOperations();
        Restore(step);
        if (_scheduler.Admitted.Count > 0)
        {
            _publisher.PublishStarted(_scheduler.Admitted);
            _scheduler.Admitted.Clear();
            Flush?.Invoke(false);
        }

        var (start, status, runSeconds) = (0L, RunStatus.Ok, 0.0);
        if (!step.IsEmpty)
        {
            _turns.BeginEngineStep();
            start = Stopwatch.GetTimestamp();
            Volatile.Write(ref _stepStartedAt, start);
            try
            {
                (status, runSeconds) = Run(step);
            }
            finally
            {
                _turns.EndEngineStep(HasWork);
            }

            ApplyOperations();
        }

        _publisher.PublishFinished(_scheduler.Finished);
        _scheduler.Finished.Clear();
        if (!step.IsEmpty)
        {
            // Whoever sees that no step runs finds the last one reported.
            _reporter?.Report(step, start, status, runSeconds, (int)(_publisher.NumOutputTokens - outputs));
            Volatile.Write(ref _stepStartedAt, 0);
        }

        Flush?.Invoke(false);
        Save(step.IsEmpty ? null : runSeconds * 1000);
        _disk?.Exchange(_store!);
    }

    /// <summary>Copies out what requests that have ended left behind, but for no longer than a time: before the cells are gone.</summary>
    public void SaveAll(TimeSpan patience)
    {
        var start = Stopwatch.GetTimestamp();
        while (_traffic is { HasSaves: true } && Stopwatch.GetElapsedTime(start) < patience)
        {
            Save(stepMs: null);
            _disk?.Exchange(_store!);
        }
    }

    /// <summary>Ends everything that is left; the streams finish with <paramref name="reason"/>.</summary>
    public void Finish(FinishReason reason)
    {
        while (_commands.TryTake(out var command))
        {
            if (command.Submitted is { } submitted)
            {
                _publisher.Add(submitted);
            }

            command.Map?.SetResult([]);
        }

        _publisher.FinishAll(reason);
    }

    /// <summary>Counts as of the last step; any thread, values of one moment only while the engine is idle.</summary>
    public EngineStats GetStats()
    {
        var cache = _scheduler.Cache;
        var numRunning = _scheduler.Running.Count;
        return new EngineStats
        {
            NumRunning = numRunning,
            NumWaiting = _scheduler.NumWaiting,
            NumPreempted = _scheduler.NumPreempted,
            NumDeferred = _scheduler.NumDeferred,
            NumQueued = Math.Max(0, _commands.NumWaiting - _scheduler.NumWaiting),
            NumCells = cache.NumCells,
            NumUsedCells = cache.NumCells - cache.NumFreeCells - cache.NumCachedCells,
            NumCachedCells = cache.NumCachedCells,
            StepStartedAt = Volatile.Read(ref _stepStartedAt),
            NumSteps = Volatile.Read(ref _numSteps),
            NumPromptTokens = _publisher.NumPromptTokens,
            NumCachedTokens = _publisher.NumCachedTokens,
            NumQueriedTokens = _publisher.NumQueriedTokens,
            NumPrefillTokens = Volatile.Read(ref _numPrefillTokens),
            NumOutputTokens = _publisher.NumOutputTokens,
            NumPreemptions = _scheduler.NumPreemptions,
            NumFailedSteps = Volatile.Read(ref _numFailedSteps),
            NumKeepWarmSteps = Volatile.Read(ref _numKeepWarmSteps),
            NumBookChecks = Volatile.Read(ref _numBookChecks),
            NumBookErrors = Volatile.Read(ref _numBookErrors),
            NumStoredBytes = _store?.Index.NumBytes ?? 0,
            NumStoredTokens = _store?.Index.NumTokens ?? 0,
            NumSavedTokens = _traffic?.NumSavedTokens ?? 0,
            NumRestoredTokens = _traffic?.NumRestoredTokens ?? 0,
            NumCellHits = _scheduler.NumCellHits,
            NumMemoryHits = _traffic?.NumMemoryHits ?? 0,
            Disk = DiskStats.Of(_disk, _traffic?.NumDiskHits ?? 0, _traffic?.NumDiskTokens ?? 0),
            NumEvictedCells = cache.NumEvictedTokens,
            NumEvictedTokens = _store?.Index.NumEvictedTokens ?? 0,
            SaveSeconds = (_traffic?.SaveMilliseconds ?? 0) / 1000,
            RestoreSeconds = (_traffic?.RestoreMilliseconds ?? 0) / 1000,
        };
    }

    /// <summary>Counts from 0 again, since what was done so far was nobody's request, and reports every step from now on.</summary>
    public void StartReporting(StepReportQueue reports)
    {
        _numSteps = 0;
        _numPrefillTokens = 0;
        _publisher.ResetCounts();
        _reporter = new StepReporter(reports, _costs);
    }

    /// <summary>Throws if our books and the library's contradict each other. Between steps.</summary>
    public void CheckIntegrity()
    {
        _scheduler.CheckIntegrity();
        var expected = new int[_runner.Info.NumSequenceIds];
        for (var id = 0; id < expected.Length; id++)
        {
            expected[id] = _scheduler.Cache.GetCachedLength(id);
        }

        foreach (var sequence in _scheduler.Running)
        {
            expected[sequence.Lease!.SequenceId] = sequence.NumComputedTokens;
        }

        for (var id = 0; id < expected.Length; id++)
        {
            var (min, max) = _runner.GetPositions(id);
            if (max + 1 != expected[id] || (max >= 0 && min != 0))
            {
                throw new InvalidOperationException($"Sequence id {id} holds positions {min} to {max}; the books say {expected[id]} tokens.");
            }
        }
    }

    private KvCache CreateCache() =>
        new(_runner.Info.NumCells, _runner.Info.NumSequenceIds, _runner.Info.CanSharePrefixes, _runner.Info.Fingerprint);

    private void DrainCommands()
    {
        if (!_scheduler.HasWork && _traffic is not { HasSaves: true })
        {
            if (_commands.IsEmpty && _hasRunSinceCheck)
            {
                CheckBooks();
            }

            Flush?.Invoke(true);
            while (!_commands.Wait(KeepWarmInterval))
            {
                KeepWarm();
            }
        }
        else if (_isBlocked && _scheduler.HasWork && _traffic is { HasSaves: false })
        {
            // All that runs waits for the disk, which wakes this thread; the bound is for a disk that never does.
            _commands.Wait(ReadPatience);
        }

        while (_commands.TryTake(out var command))
        {
            if (command.Submitted is { } submitted)
            {
                _publisher.Add(submitted);
                _scheduler.Add(submitted);
            }
            else if (command.Map is { } map)
            {
                map.SetResult(DrawMap());
            }
            else if (_publisher.Find(command.AbortedId) is { } aborted)
            {
                _scheduler.Abort(aborted);
            }
        }
    }

    private ImmutableArray<KvSpan> DrawMap() =>
        _scheduler.Cache.DrawMap(_scheduler.Running.Select(sequence => (sequence.RequestId, sequence.Lease!)));

    // When idle. Reads what a decode step reads. Neither counted nor reported, and its time teaches nothing: after a pause it may be a disk's.
    private void KeepWarm()
    {
        var nobody = Generation.ForNobody(_vocabulary, numPromptTokens: 1, maxOutputTokens: 1);
        _scheduler.Add(nobody);
        var step = _scheduler.Schedule();
        ApplyOperations();
        _scheduler.Admitted.Clear();
        _turns.BeginEngineStep();
        try
        {
            if (_runner.Run(step) == RunStatus.Ok)
            {
                _scheduler.PostProcess(step, _sampler.Sample(step));
                _numKeepWarmSteps++;
            }
            else
            {
                _numFailedSteps++;
                EngineLog.StepFailed(_logger, step.Rows.Count, step.NumTokens);
                _scheduler.PostProcessFailure(step);
                _scheduler.Abort(nobody);
                ResetDevice();
            }
        }
        finally
        {
            _turns.EndEngineStep(hasWork: false);
        }

        ApplyOperations();
        _scheduler.Finished.Clear();
    }

    // When idle. Books that are wrong would spoil answers silently: start from empty memory instead, and say so.
    private void CheckBooks()
    {
        _hasRunSinceCheck = false;
        _numBookChecks++;
        try
        {
            CheckIntegrity();
        }
        catch (InvalidOperationException exception)
        {
            _numBookErrors++;
            EngineLog.BooksDoNotMatch(_logger, exception);
            ResetDevice();
        }
    }

    private void ResetDevice()
    {
        if (!_runner.Reset())
        {
            throw new InvalidOperationException("The device's memory cannot be made anew.");
        }

        _scheduler.Restart(CreateCache());
    }

    private void ApplyOperations()
    {
        if (_scheduler.Cache.Operations.Count > 0)
        {
            _runner.Apply(_scheduler.Cache.Operations);
            _scheduler.Cache.ClearOperations();
        }
    }

    private void Restore(ScheduledStep step)
    {
        foreach (var restore in step.Restores)
        {
            _hasRunSinceCheck = true;
            var start = Stopwatch.GetTimestamp();

            // Nothing comes after a part that did not come back.
            var isRestored = restore.Start == restore.Sequence.NumComputedTokens && _runner.Restore(restore);
            _scheduler.PostProcess(restore, isRestored, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        ApplyOperations();
    }

    // Behind the step, whose tokens are on their way.
    private void Save(double? stepMs)
    {
        if (_traffic is not { HasSaves: true })
        {
            return;
        }

        _traffic.BeginSaves(stepMs);
        while (_traffic.NextSave(_scheduler.Cache) is { } copy)
        {
            var start = Stopwatch.GetTimestamp();
            var state = _runner.Save(copy);
            _traffic.CompleteSave(copy, state, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
    }

    private (RunStatus Status, double Seconds) Run(ScheduledStep step)
    {
        _hasRunSinceCheck = true;
        var start = Stopwatch.GetTimestamp();
        var status = _runner.Run(step);
        var duration = Stopwatch.GetElapsedTime(start);
        Volatile.Write(ref _longestRun, Math.Max(_longestRun, duration.TotalSeconds));
        switch (status)
        {
            case RunStatus.Ok or RunStatus.Paused when step.Slice is { } slice:
                var isDone = status == RunStatus.Ok;
                _scheduler.PostProcess(slice, isDone, duration.TotalMilliseconds);
                _numSteps++;
                _numPrefillTokens += isDone ? slice.NumTokens : 0;
                break;
            case RunStatus.Ok:
                var sampled = _sampler.Sample(step);
                duration = Stopwatch.GetElapsedTime(start);
                _costs.Observe(step.Work, duration.TotalMilliseconds);
                _publisher.PublishTokens(step, sampled);
                _scheduler.PostProcess(step, sampled);
                _numSteps++;
                _numPrefillTokens += step.NumPrefillTokens;
                break;
            case RunStatus.NoCells:
                _numFailedSteps++;
                EngineLog.NoCells(_logger, step.NumTokens, _scheduler.Cache.NumFreeCells);
                _scheduler.PostProcessNoCells(step);
                break;
            default:
                _numFailedSteps++;
                EngineLog.StepFailed(_logger, step.NumSequences, step.NumTokens);
                _scheduler.PostProcessFailure(step);
                ResetDevice();
                break;
        }

        return (status, duration.TotalSeconds);
    }
}
