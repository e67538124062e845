using InferenceServer.Inference.Cache;
using InferenceServer.Inference.Scheduling;

namespace InferenceServer.Bench.Simulation;

/// <summary>
/// The real scheduler, cache books and cost model on a device that only advances a clock: hours of traffic run in seconds,
/// and the same seed gives the same figures on every machine.
/// </summary>
internal sealed class VirtualMachine
{
    private readonly DeviceCosts _costs;
    private readonly MixedTraffic _traffic;
    private readonly VirtualMachineSettings _settings;
    private readonly StepCosts _observed = new();
    private readonly Scheduler _scheduler;
    private readonly VirtualTiers? _tiers;
    private readonly SampledToken[] _sampled;
    private readonly PriorityQueue<SimulatedRequest, double> _arrivals = new();
    private readonly Dictionary<Sequence, SimulatedRequest> _live = [];
    private readonly List<SimulatedRequest> _ended = [];
    private readonly HashSet<Sequence> _preempted = [];
    private double _now;
    private double _busyMs;
    private long _numSteps;
    private long _numIdleSteps;
    private double _longestStepMs;
    private (Sequence?, int) _chunk;
    private double _chunkMs;
    private long _nextId;

    /// <param name="costs">What steps cost.</param>
    /// <param name="traffic">Who sends what; used up by the run.</param>
    /// <param name="settings">Sizes, and what is switched off.</param>
    public VirtualMachine(DeviceCosts costs, MixedTraffic traffic, VirtualMachineSettings settings)
    {
        _costs = costs;
        _traffic = traffic;
        _settings = settings;
        var limits = new SchedulerLimits
        {
            MaxBatchTokens = settings.IsChunking ? settings.MaxBatchTokens : settings.NumCells,
            MaxSequences = settings.MaxSequences,
            MaxOutputs = settings.MaxSequences,
            MaxSequenceTokens = settings.NumCells,
            InterTokenTargetMs = settings.IsChunking ? null : double.MaxValue,
            MaxSlicedTokens = settings.IsChunking ? settings.MaxSlicedTokens : 0,
        };
        _tiers = settings.Tiers is null ? null : new VirtualTiers(settings.Tiers, limits, _observed);
        _scheduler = new Scheduler(limits, new KvCache(settings.NumCells, settings.NumSequenceIds, canShare: true, "simulation"), _observed, _tiers?.Traffic);
        _sampled = new SampledToken[settings.MaxSequences];
        WarmUp();
    }

    /// <summary>Runs until all traffic has been answered.</summary>
    public SimulationResult Run()
    {
        foreach (var request in _traffic.CreateArrivals())
        {
            _arrivals.Enqueue(request, request.ArrivesAt);
        }

        while (_arrivals.Count > 0 || _scheduler.HasWork)
        {
            if (!_scheduler.HasWork)
            {
                _now = Math.Max(_now, _arrivals.Peek().ArrivesAt);
            }

            Arrive();
            Step();
        }

        return new SimulationResult(_ended, _now, _busyMs, _numSteps, _numIdleSteps, _longestStepMs, _scheduler.NumPreemptions);
    }

    // As the engine does after loading: short generations that teach it what a step costs.
    private void WarmUp()
    {
        foreach (var numPromptTokens in (ReadOnlySpan<int>)[1, 64, 16])
        {
            _observed.Observe(default(StepWork).WithPrefill(0, numPromptTokens), _costs.GetDuration(numPromptTokens));
            _observed.Observe(default(StepWork).WithDecode(numPromptTokens), _costs.GetDuration(0));
            _observed.Observe(default(StepWork).WithDecode(numPromptTokens), _costs.GetDuration(0));
        }
    }

    private void Arrive()
    {
        while (_arrivals.TryPeek(out var request, out var at) && at <= _now)
        {
            _arrivals.Dequeue();
            request.Sequence = new Sequence(_nextId++, request.Prompt, [], request.MaxOutput) { ReusePrefix = _settings.IsReusingPrefixes };
            _live.Add(request.Sequence, request);
            _scheduler.Add(request.Sequence);
        }
    }

    private void Step()
    {
        _tiers?.Exchange(_now);
        var step = _scheduler.Schedule();
        _tiers?.Exchange(_now);
        _scheduler.Cache.ClearOperations();
        CountPreemptions();
        var restored = _tiers?.Restore(step, _scheduler) ?? 0;
        if (step.IsEmpty && step.Restores.Count == 0 && _tiers is { NextRead: { } at })
        {
            // Everybody waits for the disk: until it has read something, or somebody comes who need not wait.
            _now = Math.Max(_now, _arrivals.TryPeek(out _, out var arrival) ? Math.Min(at, arrival) : at);
            _scheduler.Cache.ClearOperations();
            return;
        }

        foreach (var sequence in _scheduler.Admitted)
        {
            _live[sequence].AdmittedAt = _now;
        }

        _scheduler.Admitted.Clear();
        var duration = step.Slice is { } slice ? Compute(slice) : step.Rows.Count == 0 ? 0 : _costs.GetDuration(step.NumPrefillTokens);
        _now += duration + restored;
        _busyMs += duration + restored;
        _numSteps++;
        _numIdleSteps += step.IsEmpty && step.Restores.Count == 0 ? 1 : 0;
        _longestStepMs = Math.Max(_longestStepMs, duration + restored);
        if (_numIdleSteps > 1000)
        {
            throw new InvalidOperationException("The scheduler has work and makes no progress.");
        }

        _observed.Observe(step.Work, duration);
        var count = 0;
        for (var i = 0; i < step.Rows.Count; i++)
        {
            if (step[i].WantsOutput)
            {
                var sequence = step[i].Sequence;
                _sampled[count++] = new SampledToken((int)((sequence.RequestId * 7919) + sequence.NumTokens) & 0xFFFF, null);
                _live[sequence].CountToken(_now);
            }
        }

        _scheduler.PostProcess(step, _sampled.AsSpan(0, count));
        if (step.Slice is { } sliced)
        {
            _scheduler.PostProcess(sliced, isDone: _chunkMs <= 0, duration);
        }

        _scheduler.Cache.ClearOperations();
        foreach (var sequence in _scheduler.Finished)
        {
            End(sequence);
        }

        _scheduler.Finished.Clear();
        var saved = _tiers?.Save(step.IsEmpty ? null : duration, _scheduler.Cache) ?? 0;
        _now += saved;
        _busyMs += saved;
        _tiers?.Exchange(_now);
        if (_numSteps % 1024 == 0)
        {
            _scheduler.CheckIntegrity();
        }
    }

    // How long a slice takes: a chunk costs what a step of it alone would, in as many pieces as it takes.
    private double Compute(ScheduledSlice slice)
    {
        if (_chunk != (slice.Sequence, slice.Start) || _chunkMs <= 0)
        {
            _chunk = (slice.Sequence, slice.Start);
            _chunkMs = _costs.GetDuration(slice.NumTokens);
        }

        var duration = Math.Min(slice.Milliseconds, _chunkMs);
        _chunkMs -= duration;
        return duration;
    }

    private void End(Sequence sequence)
    {
        _live.Remove(sequence, out var request);
        _preempted.Remove(sequence);
        _ended.Add(request!);
        if (_traffic.GetNext(request!) is { } next)
        {
            _arrivals.Enqueue(next, next.ArrivesAt);
        }
    }

    private void CountPreemptions()
    {
        foreach (var (sequence, request) in _live)
        {
            if (sequence.Status != SequenceStatus.Preempted)
            {
                _preempted.Remove(sequence);
            }
            else if (_preempted.Add(sequence))
            {
                request.NumPreemptions++;
            }
        }
    }
}
