using InferenceServer.Inference.Cache;
using InferenceServer.Inference.Scheduling;
using InferenceServer.Testing;

namespace InferenceServer.Inference.Tests.Scheduling;

/// <summary>A scheduler over simulated memory, with a rule for the next token; checks the books against the memory after every step.</summary>
internal sealed class SchedulerHarness
{
    private readonly SimulatedMemory _memory;
    private readonly SampledToken[] _sampled;
    private long _nextId;

    public SchedulerHarness(int numCells = 4096, int numIds = 32, int maxSequences = 4, int maxBatchTokens = 128, int? maxSequenceTokens = null, bool canShare = true, int maxOutputs = 0)
    {
        Limits = new SchedulerLimits { MaxBatchTokens = maxBatchTokens, MaxSequences = maxSequences, MaxOutputs = Math.Max(maxSequences, maxOutputs), MaxSequenceTokens = maxSequenceTokens ?? numCells };
        _memory = new SimulatedMemory(numCells);
        _sampled = new SampledToken[maxSequences];
        NumIds = numIds;
        Scheduler = new Scheduler(Limits, new KvCache(numCells, numIds, canShare, "test"), Costs);
    }

    public SchedulerLimits Limits { get; }

    public int NumIds { get; }

    public StepCosts Costs { get; } = new();

    public Scheduler Scheduler { get; }

    /// <summary>Picks the next token of a sequence; the default is a function of its tokens.</summary>
    public Func<Sequence, SampledToken> Pick { get; set; } = sequence => new SampledToken(((sequence.Tokens[^1] * 31) + sequence.NumTokens) & 0xFFFFFF, null);

    public List<Sequence> Finished { get; } = [];

    /// <summary>Prompt positions whose logits were computed for somebody, in order.</summary>
    public List<(Sequence Sequence, int Position)> PromptLogits { get; } = [];

    public Sequence Add(int[] prompt, int maxOutput = 8, RequestClass @class = RequestClass.Default, bool reuse = true, string? salt = null, bool promptLogits = false)
    {
        var sequence = new Sequence(_nextId++, prompt, [], maxOutput) { Class = @class, ReusePrefix = reuse, Salt = salt, WantsPromptLogits = promptLogits };
        Scheduler.Add(sequence);
        return sequence;
    }

    public ScheduledStep Step()
    {
        var step = Scheduler.Schedule();
        _memory.Apply(Scheduler.Cache.Operations);
        Scheduler.Cache.ClearOperations();
        if (step.Rows.Count > 0)
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
        Finished.AddRange(Scheduler.Finished);
        Scheduler.Finished.Clear();
        Scheduler.Admitted.Clear();
        CheckBooks();
        return step;
    }

    /// <summary>A step that fails in the device, whose memory is then made anew.</summary>
    public void FailStep()
    {
        var step = Scheduler.Schedule();
        _memory.Clear();
        Scheduler.PostProcessFailure(step);
        Scheduler.Restart(new KvCache(Scheduler.Cache.NumCells, NumIds, Scheduler.Cache.CanShare, "test"));
        Finished.AddRange(Scheduler.Finished);
        Scheduler.Finished.Clear();
        CheckBooks();
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
        Assert.Equal(Scheduler.Cache.NumCells - Scheduler.Cache.NumFreeCells, _memory.NumUsed);
        foreach (var sequence in Scheduler.Running)
        {
            Assert.Equal(sequence.Tokens[..sequence.NumComputedTokens].ToArray(), _memory.GetTokens(sequence.Lease!.SequenceId));
        }
    }

    public static int[] Tokens(int count, int seed) => [.. Enumerable.Range(0, count).Select(i => (seed * 100_003) + i)];
}
