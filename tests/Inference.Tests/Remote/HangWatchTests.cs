using InferenceServer.Inference.Engine;
using InferenceServer.Inference.Remote;
using InferenceServer.Inference.Remote.Frames;

namespace InferenceServer.Inference.Tests.Remote;

public sealed class HangWatchTests
{
    private readonly HangWatch _watch = new(TimeSpan.FromSeconds(10), TimeSpan.Zero);

    [Fact]
    public void Silence_IsAHang_WithWorkAndWithout()
    {
        Pulse(1, new EngineStats());
        for (var second = 2; second <= 11; second++)
        {
            Assert.Null(_watch.Judge(hasWork: false, isCalled: false, Seconds(second)));
        }

        Assert.Equal(EngineExit.Hang, _watch.Judge(hasWork: false, isCalled: false, Seconds(11.1)));
    }

    [Fact]
    public void Silence_WhileNobodyListened_IsNone()
    {
        Pulse(1, new EngineStats { StepStartedAt = 5 });
        Assert.Null(_watch.Judge(hasWork: true, isCalled: false, Seconds(1)));

        // The host itself was stopped for an hour.
        Assert.Null(_watch.Judge(hasWork: true, isCalled: false, Seconds(3601)));
    }

    [Fact]
    public void Step_ThatTakesFarLongerThanAny_IsAHang()
    {
        for (var second = 1; second <= 60; second++)
        {
            Pulse(second, new EngineStats { StepStartedAt = 5 }, longestStep: 2);
            Assert.Equal(second >= 41 ? EngineExit.Hang : null, _watch.Judge(hasWork: true, isCalled: false, Seconds(second + 0.5)));
        }
    }

    [Fact]
    public void Steps_ThatFollowEachOther_AreFine()
    {
        for (var second = 1; second <= 60; second++)
        {
            Pulse(second, new EngineStats { StepStartedAt = second, NumSteps = second });
            Assert.Null(_watch.Judge(hasWork: true, isCalled: false, Seconds(second + 0.5)));
        }
    }

    [Fact]
    public void Work_ThatDoesNotGoOn_IsAStall()
    {
        for (var second = 1; second <= 20; second++)
        {
            Pulse(second, new EngineStats());
            Assert.Null(_watch.Judge(hasWork: false, isCalled: false, Seconds(second)));
        }

        for (var second = 21; second <= 30; second++)
        {
            Pulse(second, new EngineStats());
            Assert.Null(_watch.Judge(hasWork: true, isCalled: false, Seconds(second)));
        }

        Pulse(31, new EngineStats());
        Assert.Equal(EngineExit.Stalled, _watch.Judge(hasWork: true, isCalled: false, Seconds(31)));
        Assert.Null(_watch.Judge(hasWork: true, isCalled: true, Seconds(31)));
        _watch.Progress(Seconds(31));
        Assert.Null(_watch.Judge(hasWork: true, isCalled: false, Seconds(31)));
    }

    [Fact]
    public void Commands_ThatNobodyTakes_AreFound()
    {
        Pulse(1, new EngineStats());
        for (var second = 2; second <= 12; second++)
        {
            Pulse(second, new EngineStats(), hasCommands: true, numTaken: 3);
            Assert.Null(_watch.Judge(hasWork: false, isCalled: false, Seconds(second)));
        }

        Pulse(13, new EngineStats(), hasCommands: true, numTaken: 3);
        Assert.Equal(EngineExit.QueueStuck, _watch.Judge(hasWork: false, isCalled: false, Seconds(13)));
        Pulse(14, new EngineStats(), hasCommands: true, numTaken: 4);
        Assert.Null(_watch.Judge(hasWork: false, isCalled: false, Seconds(14)));
    }

    [Fact]
    public void Work_ThatNobodyTakesOutOfTheQueue_IsTheQueuesFault()
    {
        Pulse(1, new EngineStats());
        Assert.Null(_watch.Judge(hasWork: false, isCalled: false, Seconds(1)));
        for (var second = 2; second <= 11; second++)
        {
            Pulse(second, new EngineStats(), hasCommands: true, numTaken: 3);
            Assert.Null(_watch.Judge(hasWork: true, isCalled: false, Seconds(second + 0.5)));
        }

        Pulse(12, new EngineStats(), hasCommands: true, numTaken: 3);
        Assert.Equal(EngineExit.QueueStuck, _watch.Judge(hasWork: true, isCalled: false, Seconds(12.5)));
    }

    [Fact]
    public void Work_ThatDoesNotGoOnWhileCommandsAreTaken_IsAStall()
    {
        Pulse(1, new EngineStats());
        Assert.Null(_watch.Judge(hasWork: false, isCalled: false, Seconds(1)));
        for (var second = 2; second <= 11; second++)
        {
            Pulse(second, new EngineStats(), hasCommands: true, numTaken: second);
            Assert.Null(_watch.Judge(hasWork: true, isCalled: false, Seconds(second)));
        }

        Pulse(12, new EngineStats(), hasCommands: true, numTaken: 12);
        Assert.Equal(EngineExit.Stalled, _watch.Judge(hasWork: true, isCalled: false, Seconds(12)));
    }

    [Fact]
    public void Cells_ThatNobodyShouldHold_AreFound()
    {
        for (var second = 1; second <= 6; second++)
        {
            Pulse(second, new EngineStats { NumUsedCells = 3 });
            Assert.Null(_watch.Judge(hasWork: false, isCalled: false, Seconds(second)));
        }

        Pulse(7, new EngineStats { NumUsedCells = 3 });
        Assert.Equal(EngineExit.Books, _watch.Judge(hasWork: false, isCalled: false, Seconds(7)));
        Pulse(8, new EngineStats());
        Assert.Null(_watch.Judge(hasWork: false, isCalled: false, Seconds(8)));
    }

    [Fact]
    public void Books_ThatDidNotMatch_AreFoundAtOnce()
    {
        Pulse(1, new EngineStats { NumBookErrors = 1 });

        Assert.Equal(EngineExit.Books, _watch.Judge(hasWork: false, isCalled: false, Seconds(1)));
    }

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);

    private void Pulse(double second, EngineStats stats, bool hasCommands = false, long numTaken = 0, double longestStep = 0.01) =>
        _watch.Observe(new Pulse(stats, hasCommands, numTaken, longestStep), Seconds(second));
}
