using InferenceServer.Telemetry.Power;
using InferenceServer.Telemetry.Power.Attribution;

namespace InferenceServer.Telemetry.Tests.Power.Attribution;

public sealed class EnergyLedgerTests
{
    private static readonly PowerChannel Gpu = FakePowerSource.Channel("nvml/a", PowerQuantity.Energy, EnergyBoundary.Gpu);
    private static readonly PowerChannel Gpu2 = FakePowerSource.Channel("nvml/b", PowerQuantity.Energy, EnergyBoundary.Gpu);
    private static readonly PowerChannel Host = FakePowerSource.Channel("smc/system", PowerQuantity.Power, EnergyBoundary.System);

    private readonly EnergyLedger _ledger = new();

    [Fact]
    public void Ledger_WithoutChannels_IsNotUsedAndKnowsNothing()
    {
        Assert.False(_ledger.IsUsed);
        _ledger.Open(1);
        _ledger.AddStep(0, 1, [new(1, false, 1, 1)]);
        Assert.Empty(_ledger.Close(1));
        Assert.True(double.IsNaN(_ledger.GetJoulesPerToken(EnergyBoundary.Gpu, 1)));
    }

    [Fact]
    public void Channel_WithoutBoundary_IsNotCounted()
    {
        _ledger.Register(FakePowerSource.Channel("rapl/psys", PowerQuantity.Energy));
        _ledger.Register(FakePowerSource.Channel("x/y", PowerQuantity.Utilization, EnergyBoundary.Gpu));
        Assert.False(_ledger.IsUsed);
    }

    [Fact]
    public void Boundaries_AreKeptApart()
    {
        _ledger.Register(Gpu);
        _ledger.Register(Host);
        _ledger.AddStep(0, 1, [new(1, false, 1, 1)]);
        _ledger.AddWindow(Gpu, new EnergyWindow(0, 1, 30), now: 2);
        _ledger.AddWindow(Host, new EnergyWindow(0, 1, 50), now: 2);
        Assert.Equal(30, _ledger.GetTotals(EnergyBoundary.Gpu).Decode);
        Assert.Equal(50, _ledger.GetTotals(EnergyBoundary.System).Decode);
        Assert.Equal(30, _ledger.GetJoulesPerToken(EnergyBoundary.Gpu, 2));
        Assert.Equal(50, _ledger.GetJoulesPerToken(EnergyBoundary.System, 2));
    }

    [Fact]
    public void Channels_OfOneBoundary_AreAdded()
    {
        _ledger.Register(Gpu);
        _ledger.Register(Gpu2);
        _ledger.AddStep(0, 1, [new(1, false, 1, 1)]);
        _ledger.AddWindow(Gpu, new EnergyWindow(0, 1, 30), now: 2);

        // Half of the sum would look like all of it.
        Assert.True(double.IsNaN(_ledger.GetJoulesPerToken(EnergyBoundary.Gpu, 2)));
        _ledger.AddWindow(Gpu2, new EnergyWindow(0, 1, 12), now: 2);
        Assert.Equal(42, _ledger.GetTotals(EnergyBoundary.Gpu).Decode);
        Assert.Equal(42, _ledger.GetJoulesPerToken(EnergyBoundary.Gpu, 2));
    }

    [Fact]
    public void Providers_OfOneBoundary_TheFirstHasIt()
    {
        _ledger.Register(Gpu);
        _ledger.Register(FakePowerSource.Channel("hwmon/c", PowerQuantity.Power, EnergyBoundary.Gpu));
        _ledger.AddWindow(Gpu with { Id = "hwmon/c", Quantity = PowerQuantity.Power }, new EnergyWindow(0, 1, 30), now: 2);
        Assert.Equal(0, _ledger.GetTotals(EnergyBoundary.Gpu).All);
    }

    // The joules of its time come in while a long step still runs: they must not be taken for idle.
    [Fact]
    public void Window_DuringAStepThatStillRuns_WaitsForItsEnd()
    {
        _ledger.Register(Gpu);
        _ledger.RunningSince = () => 0.2;
        _ledger.AddWindow(Gpu, new EnergyWindow(0, 0.5, 10), now: 0.5);
        _ledger.AddWindow(Gpu, new EnergyWindow(0.5, 1, 20), now: 1);
        Assert.Equal(0, _ledger.GetTotals(EnergyBoundary.Gpu).All);

        _ledger.RunningSince = () => double.PositiveInfinity;
        _ledger.AddStep(0.2, 1.2, [new(1, true, 1, 1)]);
        _ledger.AddWindow(Gpu, new EnergyWindow(1, 1.5, 5), now: 1.5);
        Assert.Equal(6 + 20 + 2, _ledger.GetTotals(EnergyBoundary.Gpu).Prefill, 6);
        Assert.Equal(4 + 3, _ledger.GetTotals(EnergyBoundary.Gpu).Idle, 6);
    }

    [Fact]
    public void Window_WhileTheEngineRests_CountsAtOnce()
    {
        _ledger.Register(Gpu);
        _ledger.AddWindow(Gpu, new EnergyWindow(0, 1, 10), now: 1);
        Assert.Equal(10, _ledger.GetTotals(EnergyBoundary.Gpu).Idle);
    }

    // A step that ends between two looks at the engine must be seen by one of them.
    [Fact]
    public void Window_WhoseStepEndsAtThatMoment_IsNotTakenForIdle()
    {
        _ledger.Register(Gpu);
        var isRunning = true;
        _ledger.RunningSince = () =>
        {
            var since = isRunning ? 0.1 : double.PositiveInfinity;
            isRunning = false; // right after the look
            return since;
        };
        _ledger.ReadSteps = () =>
        {
            if (!isRunning)
            {
                _ledger.AddStep(0.1, 1, [new(1, true, 1, 1)]);
            }
        };
        _ledger.AddWindow(Gpu, new EnergyWindow(0, 1, 10), now: 1);
        Assert.Equal(9, _ledger.GetTotals(EnergyBoundary.Gpu).Prefill, 6);
    }

    [Fact]
    public void Accounts_NeverClosed_AreBounded()
    {
        _ledger.Register(Gpu);
        for (var i = 0; i < 10_000; i++)
        {
            _ledger.Open(i);
        }

        _ledger.AddStep(0, 1, [new(9_999, false, 1, 1)]);
        _ledger.AddWindow(Gpu, new EnergyWindow(0, 1, 10), now: 1);
        Assert.Empty(_ledger.Close(9_999));
    }

    [Fact]
    public void Request_GetsItsJoules_PrefillAndDecodeApart()
    {
        _ledger.Register(Gpu);
        _ledger.Open(7);
        _ledger.AddStep(0, 1, [new(7, true, 3, 1), new(8, false, 1, 1)]);
        _ledger.AddStep(1, 1.5, [new(7, false, 1, 1), new(8, false, 1, 1)]);
        _ledger.AddWindow(Gpu, new EnergyWindow(0, 1, 100), now: 2);
        _ledger.AddWindow(Gpu, new EnergyWindow(1, 2, 100), now: 3);
        var energy = Assert.Single(_ledger.Close(7));
        Assert.Equal(EnergyBoundary.Gpu, energy.Key);
        Assert.Equal(75, energy.Value.PrefillJoules, 4);
        Assert.Equal(25, energy.Value.DecodeJoules, 4); // half of the window was idle, of unknown watts
        Assert.Equal(1.5, energy.Value.MeasuredSeconds, 6);
    }

    [Fact]
    public void Request_EndedBeforeTheNextPublication_HasTheJoulesUntilThen()
    {
        _ledger.Register(Gpu);
        _ledger.Open(7);
        _ledger.AddStep(0, 1, [new(7, false, 1, 1)]);
        _ledger.AddStep(1, 1.8, [new(7, false, 1, 1)]);
        _ledger.RunningSince = () => 1;
        _ledger.AddWindow(Gpu, new EnergyWindow(0, 1, 100), now: 1.8);
        var energy = _ledger.Close(7)[EnergyBoundary.Gpu];
        Assert.Equal(100, energy.DecodeJoules);
        Assert.Equal(1, energy.MeasuredSeconds);
    }

    [Fact]
    public void Request_WithoutAPublication_HasNone()
    {
        _ledger.Register(Gpu);
        _ledger.Register(Host);
        _ledger.Open(7);
        _ledger.AddStep(0, 0.3, [new(7, false, 1, 1)]);
        _ledger.AddWindow(Host, new EnergyWindow(0, 0.3, 9), now: 0.6);
        Assert.Equal([EnergyBoundary.System], _ledger.Close(7).Keys);
    }

    [Fact]
    public void Request_WithOneOfTwoChannels_HasNone()
    {
        _ledger.Register(Gpu);
        _ledger.Register(Gpu2);
        _ledger.Open(7);
        _ledger.AddStep(0, 1, [new(7, false, 1, 1)]);
        _ledger.AddWindow(Gpu, new EnergyWindow(0, 1, 9), now: 2);
        Assert.Empty(_ledger.Close(7));
    }

    [Fact]
    public void Request_Closed_IsForgotten()
    {
        _ledger.Register(Gpu);
        _ledger.Open(7);
        _ledger.AddStep(0, 1, [new(7, false, 1, 1)]);
        _ledger.Close(7);
        _ledger.AddWindow(Gpu, new EnergyWindow(0, 1, 9), now: 2);
        Assert.Empty(_ledger.Close(7));
        Assert.Equal(9, _ledger.GetTotals(EnergyBoundary.Gpu).Decode);
    }

    [Fact]
    public void BusyShare_CountsTheRunningStep()
    {
        _ledger.Register(Gpu);
        _ledger.AddStep(0, 1, [new(7, false, 1, 1)]);
        Assert.Equal(0.5, _ledger.GetBusyShare(0, 2));
        _ledger.RunningSince = () => 1.5;
        Assert.Equal(0.75, _ledger.GetBusyShare(0, 2));
        Assert.Equal(0, _ledger.GetBusyShare(2, 2));
    }

    [Fact]
    public async Task Ledger_FromManyThreads_LosesNothing()
    {
        _ledger.Register(Gpu);
        var steps = Task.Run(() =>
        {
            for (var i = 0; i < 20_000; i++)
            {
                _ledger.AddStep(i * 0.001, (i + 1) * 0.001, [new(i % 7, i % 3 == 0, 1, 1)]);
            }
        });
        var windows = Task.Run(() =>
        {
            for (var i = 0; i < 200; i++)
            {
                _ledger.AddWindow(Gpu, new EnergyWindow(i * 0.1, (i + 1) * 0.1, 1), now: 100);
            }
        });
        var requests = Task.Run(() =>
        {
            for (var i = 0; i < 2000; i++)
            {
                _ledger.Open(i % 7);
                _ledger.Close(i % 7);
            }
        });
        await Task.WhenAll(steps, windows, requests);
        Assert.Equal(200, _ledger.GetTotals(EnergyBoundary.Gpu).All, 6);
    }
}
