using System.Diagnostics.CodeAnalysis;
using InferenceServer.Inference.Cache;
using InferenceServer.Inference.Cache.Disk;
using InferenceServer.Inference.Scheduling;
using InferenceServer.Testing;

namespace InferenceServer.Inference.Tests.Scheduling;

/// <summary>A scheduler over simulated memory, with a rule for the next token; checks the books against the memory after every step.</summary>
internal sealed class SchedulerHarness
{
    private readonly SimulatedMemory _memory;
    private readonly SampledToken[] _sampled;
    private readonly Dictionary<string, (DiskSpan Span, byte[] State)> _files = []; // the disk, by name
    private readonly List<Sequence> _unfinished = [];
    private readonly (int NumCells, bool CanShare, long StoreBytes, long DiskBytes) _size;
    private readonly double _largeStepTokenMs;
    private PrefixStore? _store;
    private ScheduledSlice? _chunk;
    private int _numSlices;
    private long _nextId;

    public SchedulerHarness(int numCells = 4096, int numIds = 32, int maxSequences = 4, int maxBatchTokens = 128, int? maxSequenceTokens = null, bool canShare = true, int maxOutputs = 0, long storeBytes = 0, long diskBytes = 0, bool evictsIdleCells = false, int maxSlicedTokens = 0, double largeStepTokenMs = 2)
    {
        Limits = new SchedulerLimits { MaxBatchTokens = maxBatchTokens, MaxSequences = maxSequences, MaxOutputs = Math.Max(maxSequences, maxOutputs), MaxSequenceTokens = maxSequenceTokens ?? numCells, EvictsIdleCells = evictsIdleCells, MaxSlicedTokens = maxSlicedTokens };
        _memory = new SimulatedMemory(numCells);
        _sampled = new SampledToken[maxSequences];
        NumIds = numIds;
        _largeStepTokenMs = largeStepTokenMs;
        _size = (numCells, canShare, storeBytes, diskBytes);
        Begin();
    }

    public SchedulerLimits Limits { get; }

    public int NumIds { get; }

    public StepCosts Costs { get; private set; } = new();

    public Scheduler Scheduler { get; private set; }

    /// <summary>To the store beside the simulated memory, where a token takes 8 bytes; null without one.</summary>
    public PrefixTraffic? Traffic { get; private set; }

    /// <summary>Beside the store; null without one.</summary>
    public DiskBooks? Disk { get; private set; }

    /// <summary>False: what is to be read is not, for now.</summary>
    public bool IsReading { get; set; } = true;

    /// <summary>Says whether a span can be read; the default is that all can.</summary>
    public Func<DiskSpan, bool> CanRead { get; set; } = _ => true;

    /// <summary>What was read, in order.</summary>
    public List<DiskSpan> ReadSpans { get; } = [];

    /// <summary>How often something was read.</summary>
    public int NumReads => ReadSpans.Count;

    /// <summary>Says whether a restore works; the default is that all do.</summary>
    public Func<ScheduledRestore, bool> CanRestore { get; set; } = _ => true;

    /// <summary>Picks the next token of a sequence; the default is a function of its tokens.</summary>
    public Func<Sequence, SampledToken> Pick { get; set; } = sequence => new SampledToken(((sequence.Tokens[^1] * 31) + sequence.NumTokens) & 0xFFFFFF, null);

    /// <summary>How long a span takes to come back.</summary>
    public double RestoreMilliseconds { get; set; } = 1;

    /// <summary>How long a step takes.</summary>
    public double StepMilliseconds { get; set; } = 10;

    /// <summary>Slices that a chunk takes.</summary>
    public int SlicesPerChunk { get; set; } = 3;

    /// <summary>How long copying a span out takes.</summary>
    public double SaveMilliseconds { get; set; } = 1;

    /// <summary>The most that was spent on copies behind one step.</summary>
    public double LongestSave { get; private set; }

    public List<Sequence> Finished { get; } = [];

    /// <summary>Prompt positions whose logits were computed for somebody, in order.</summary>
    public List<(Sequence Sequence, int Position)> PromptLogits { get; } = [];

    public Sequence Add(int[] prompt, int maxOutput = 8, RequestClass @class = RequestClass.Default, bool reuse = true, string? salt = null, bool promptLogits = false)
    {
        var sequence = new Sequence(_nextId++, prompt, [], maxOutput) { Class = @class, ReusePrefix = reuse, Salt = salt, WantsPromptLogits = promptLogits };
        Scheduler.Add(sequence);
        _unfinished.Add(sequence);
        return sequence;
    }

    public ScheduledStep Step()
    {
        Exchange();
        var step = Scheduler.Schedule();
        _memory.Apply(Scheduler.Cache.Operations);
        Scheduler.Cache.ClearOperations();
        Restore(step);
        if (step.Slice is { } slice)
        {
            var isDone = !IsPaused(slice);
            if (isDone)
            {
                _memory.Run(step);
            }

            Scheduler.PostProcess(slice, isDone, isDone ? StepMilliseconds : slice.Milliseconds);
        }
        else if (!step.IsEmpty)
        {
            _memory.Run(step);
            Assert.True(step.NumOutputs <= Limits.MaxOutputs);
            foreach (var row in step.Rows.Where(row => row.NumPromptLogits > 0))
            {
                Assert.True(row.FirstPromptLogits + row.NumPromptLogits <= row.NumTokens);
                PromptLogits.AddRange(Enumerable.Range(row.Start + row.FirstPromptLogits, row.NumPromptLogits).Select(position => (row.Sequence, position)));
            }

            var count = 0;
            foreach (var row in step.Rows.Where(row => row.WantsOutput))
            {
                _sampled[count++] = Pick(row.Sequence);
            }

            Scheduler.PostProcess(step, _sampled.AsSpan(0, count));
        }

        _memory.Apply(Scheduler.Cache.Operations);
        Scheduler.Cache.ClearOperations();
        TakeFinished();
        Scheduler.Admitted.Clear();
        Save();
        Exchange();
        CheckBooks();
        return step;
    }

    /// <summary>A step that fails in the device, whose memory is then made anew.</summary>
    public void FailStep()
    {
        var step = Scheduler.Schedule();
        _memory.Apply(Scheduler.Cache.Operations);
        Scheduler.Cache.ClearOperations();
        Restore(step);
        _memory.Clear();
        _chunk = null;
        Scheduler.PostProcessFailure(step);
        Scheduler.Restart(new KvCache(Scheduler.Cache.NumCells, NumIds, Scheduler.Cache.CanShare, "test"));
        TakeFinished();
        CheckBooks();
    }

    /// <summary>
    /// The engine's process ends between two steps and another begins: cells, memory and all books are gone, files are not, unless <paramref name="isLost"/>, and what has not ended is
    /// submitted again with the tokens that it has. Returns what each of those has become.
    /// </summary>
    public IReadOnlyDictionary<Sequence, Sequence> Crash(Func<DiskSpan, bool> isLost)
    {
        TakeFinished();
        _memory.Clear();
        foreach (var lost in _files.Where(file => isLost(file.Value.Span)).ToList())
        {
            _files.Remove(lost.Key);
        }

        Begin();
        foreach (var (span, _) in _files.Values)
        {
            Disk!.Apply(new DiskReport(DiskReportKind.Found, new DiskSpan(span.Header, span.NumBytes) { LastUsed = Disk.Now }));
        }

        var again = _unfinished.ToDictionary(sequence => sequence, sequence => new Sequence(
            sequence.RequestId, sequence.Tokens[..sequence.NumPromptTokens], sequence.Tokens[sequence.NumPromptTokens..], sequence.MaxTokens - sequence.NumPromptTokens)
        {
            Class = sequence.Class,
            ReusePrefix = sequence.ReusePrefix,
            Salt = sequence.Salt,
            WantsPromptLogits = sequence.WantsPromptLogits,
        });
        _unfinished.Clear();
        _chunk = null;
        foreach (var sequence in again.Values.OrderBy(sequence => sequence.RequestId))
        {
            Scheduler.Add(sequence);
            _unfinished.Add(sequence);
        }

        CheckBooks();
        return again;
    }

    public void RunToEnd(int maxSteps = 100_000)
    {
        do
        {
            Step();
            Assert.True(maxSteps-- > 0, "The scheduler makes no progress.");
        }
        while (Scheduler.HasWork);
    }

    public void CheckBooks()
    {
        Scheduler.CheckIntegrity();

        // A chunk has its cells while it is computed.
        var numPromised = Scheduler.Running.Sum(sequence => sequence.Lease!.NumTokens - sequence.NumComputedTokens);
        Assert.True(numPromised == 0 || Limits.MaxSlicedTokens > 0);
        Assert.Equal(Scheduler.Cache.NumCells - Scheduler.Cache.NumFreeCells - numPromised, _memory.NumUsed);
        foreach (var sequence in Scheduler.Running)
        {
            Assert.Equal(sequence.Tokens[..sequence.NumComputedTokens].ToArray(), _memory.GetTokens(sequence.Lease!.SequenceId));
        }
    }

    // A slice that does not complete its chunk. The device goes on with a chunk where it was, and gives one up for another.
    private bool IsPaused(ScheduledSlice slice)
    {
        var isSame = _chunk is { } chunk && (chunk.Sequence, chunk.Start, chunk.NumTokens) == (slice.Sequence, slice.Start, slice.NumTokens);
        _numSlices = isSame ? _numSlices + 1 : 1;
        _chunk = _numSlices < SlicesPerChunk ? slice : null;
        return _chunk is not null;
    }

    [MemberNotNull(nameof(Scheduler))]
    private void Begin()
    {
        Costs = new StepCosts();
        Disk = _size.DiskBytes > 0 ? new DiskBooks(_size.DiskBytes) { Rule = new WriteRule { MinLongTokens = 1, MinLongMs = 0, MinAgainMs = 0, MinMsPerMiB = 0 } } : null;
        _store = _size.StoreBytes > 0 && _size.CanShare ? new PrefixStore("test", _size.StoreBytes) : null;
        Traffic = _store is null ? null : new PrefixTraffic(_store, Limits, Disk, Costs);
        if (Limits.MaxSlicedTokens > 0)
        {
            LearnCosts();
        }

        Scheduler = new Scheduler(Limits, new KvCache(_size.NumCells, NumIds, _size.CanShare, "test"), Costs, Traffic);
    }

    // Tokens cost 8 ms in small steps: slices pay if they cost less in large ones.
    private void LearnCosts()
    {
        for (var i = 0; i < 200; i++)
        {
            Costs.Observe(new StepWork(1, 0, 100, 0), 10);
            Costs.Observe(new StepWork(1, 16, 100, 0), 10 + (16 * 8));
            Costs.Observe(new StepWork(0, 128, 0, 0), 128 * _largeStepTokenMs);
        }
    }

    private void TakeFinished()
    {
        Finished.AddRange(Scheduler.Finished);
        Scheduler.Finished.ForEach(sequence => _unfinished.Remove(sequence));
        Scheduler.Finished.Clear();
    }

    private void Exchange()
    {
        foreach (var order in Disk?.Orders.ToArray() ?? [])
        {
            switch (order.Kind)
            {
                case DiskOrderKind.Read when !IsReading:
                    continue;
                case DiskOrderKind.Read:
                    ReadSpans.Add(order.Span!);
                    var state = CanRead(order.Span!) ? _files.GetValueOrDefault(order.Name).State : null;
                    if (Disk!.Apply(new DiskReport(DiskReportKind.Read, order.Span, state)) is { } span)
                    {
                        _store!.Index.Add(span, order.Span!.Header.ConversationLength);
                    }

                    break;
                case DiskOrderKind.Write:
                    _files[order.Name] = (order.Span!, order.State.ToArray());
                    Disk!.Apply(new DiskReport(DiskReportKind.Written, order.Span));
                    break;
                case DiskOrderKind.Delete:
                    _files.Remove(order.Name);
                    break;
            }

            Disk!.Orders.Remove(order);
        }
    }

    private void Restore(ScheduledStep step)
    {
        foreach (var restore in step.Restores)
        {
            var isRestored = restore.Start == restore.Sequence.NumComputedTokens && CanRestore(restore);
            if (isRestored)
            {
                _memory.Restore(restore);
            }

            Scheduler.PostProcess(restore, isRestored, RestoreMilliseconds);
        }

        _memory.Apply(Scheduler.Cache.Operations);
        Scheduler.Cache.ClearOperations();
    }

    private void Save()
    {
        var spent = 0.0;
        Traffic?.BeginSaves(StepMilliseconds);
        while (Traffic?.NextSave(Scheduler.Cache) is { } copy)
        {
            Traffic.CompleteSave(copy, _memory.Save(copy), SaveMilliseconds);
            spent += SaveMilliseconds;
        }

        LongestSave = Math.Max(LongestSave, spent);
    }

    public static int[] Tokens(int count, int seed) => [.. Enumerable.Range(0, count).Select(i => (seed * 100_003) + i)];
}
