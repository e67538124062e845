using InferenceServer.Inference.Engine;

namespace InferenceServer.Inference.Tests.Engine;

public sealed class DeviceTurnsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly DeviceTurns _turns = new();

    [Fact]
    public void BeginEmbedding_EngineIdle_DoesNotWait()
    {
        _turns.BeginEmbedding();
        _turns.EndEmbedding();
        _turns.BeginEmbedding();
        _turns.EndEmbedding();

        Assert.False(_turns.EngineHasWork);
    }

    [Fact]
    public async Task BothThreads_ManySteps_NeverComputeTogether()
    {
        var inside = 0;
        var overlaps = 0;
        var engine = Task.Run(() =>
        {
            for (var i = 0; i < 2000; i++)
            {
                _turns.BeginEngineStep();
                Compute();
                _turns.EndEngineStep(hasWork: i % 10 != 9);
            }
        });
        var embedder = Task.Run(() =>
        {
            for (var i = 0; i < 500; i++)
            {
                _turns.BeginEmbedding();
                Compute();
                _turns.EndEmbedding();
            }
        });

        await Task.WhenAll(engine, embedder).WaitAsync(Patience);
        Assert.Equal(0, overlaps);

        void Compute()
        {
            if (Interlocked.Increment(ref inside) != 1)
            {
                Interlocked.Increment(ref overlaps);
            }

            Thread.SpinWait(100);
            Interlocked.Decrement(ref inside);
        }
    }

    [Fact]
    public async Task BeginEmbedding_EngineAlwaysBusy_GetsItsTurnAndLeavesTwoThirds()
    {
        using var stop = new CancellationTokenSource();
        var numSteps = 0;
        var engine = Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                _turns.BeginEngineStep();
                Interlocked.Increment(ref numSteps);
                Thread.Sleep(1);
                _turns.EndEngineStep(hasWork: true);
            }

            _turns.EndEngineStep(hasWork: false);
        });
        SpinWait.SpinUntil(() => _turns.EngineHasWork, Patience);
        var stepsBetween = new List<int>();
        for (var i = 0; i < 5; i++)
        {
            var before = Volatile.Read(ref numSteps);
            _turns.BeginEmbedding();
            stepsBetween.Add(Volatile.Read(ref numSteps) - before);
            Thread.Sleep(20);
            _turns.EndEmbedding();
        }

        await stop.CancelAsync();
        await engine.WaitAsync(Patience);

        // The first turn comes at once; before each other one the engine had 40 ms. A step is 1 ms of sleep, which a loaded machine makes a few.
        Assert.All(stepsBetween.Skip(1), steps => Assert.True(steps >= 2, $"{steps} steps between two turns"));
    }

    [Fact]
    public async Task EndEngineStep_NothingLeft_WakesAnEmbedderThatIsNotDue()
    {
        _turns.BeginEmbedding();
        Thread.Sleep(50);
        _turns.EndEmbedding();
        _turns.BeginEngineStep();
        var embedder = Task.Run(() =>
        {
            _turns.BeginEmbedding();
            _turns.EndEmbedding();
        });
        _turns.EndEngineStep(hasWork: false);

        await embedder.WaitAsync(Patience);
    }
}
