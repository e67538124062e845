using System.Diagnostics;
using InferenceServer.Inference.Engine;
using InferenceServer.Server.Measuring;
using InferenceServer.Telemetry.Power;
using InferenceServer.Telemetry.Power.Attribution;
using InferenceServer.Testing;

namespace InferenceServer.Server.Tests.Measuring;

/// <summary>How the engine's reports reach the ledger of joules. Ticks are the stopwatch's, of which a second has many.</summary>
public sealed class EnergyObserverTests
{
    private static readonly PowerChannel Package = new()
    {
        Id = "rapl/package-0",
        Type = "cpu",
        Name = "package-0",
        Quantity = PowerQuantity.Energy,
        Boundary = EnergyBoundary.Cpu,
    };

    private readonly EnergyLedger _ledger = new();
    private readonly FakeEngine _engine = new();

    public EnergyObserverTests() => _ledger.Register(Package);

    [Fact]
    public void Step_Reported_PaysByTheEnginesShares()
    {
        var observer = new EnergyObserver(_ledger);
        _ledger.Open(1);
        _ledger.Open(2);
        observer.Observe(Report(10, 12), [new StepRow(1, IsDecode: true, 1, 100, 1, 0.25f), new StepRow(2, IsDecode: false, 255, 255, 0, 0.75f)]);
        _ledger.AddWindow(Package, new EnergyWindow(10, 12, 80), now: 12);

        var totals = _ledger.GetTotals(EnergyBoundary.Cpu);
        Assert.Equal((20, 60, 1), (totals.Decode, totals.Prefill, totals.OutputTokens));
        Assert.Equal(new RequestEnergy(0, 20, 2), _ledger.Close(1)[EnergyBoundary.Cpu]);
        Assert.Equal(new RequestEnergy(60, 0, 2), _ledger.Close(2)[EnergyBoundary.Cpu]);
    }

    // What failed is computed again, and took its watts the first time too.
    [Fact]
    public void Step_Failed_PaysToo()
    {
        var observer = new EnergyObserver(_ledger);
        observer.Observe(Report(0, 1) with { Status = RunStatus.Failed }, [new StepRow(1, IsDecode: true, 1, 100, 0, 1)]);
        _ledger.AddWindow(Package, new EnergyWindow(0, 1, 10), now: 1);
        Assert.Equal(10, _ledger.GetTotals(EnergyBoundary.Cpu).Decode);
    }

    [Fact]
    public void Step_OfAsManySequencesAsThereMayBe_IsTakenWhole()
    {
        var observer = new EnergyObserver(_ledger);
        var rows = Enumerable.Range(0, 128).Select(id => new StepRow(id, IsDecode: true, 1, 10, 1, 1 / 128f)).ToArray();
        observer.Observe(Report(0, 1), rows);
        _ledger.AddWindow(Package, new EnergyWindow(0, 1, 10), now: 1);
        Assert.Equal((10, 128), (_ledger.GetTotals(EnergyBoundary.Cpu).Decode, _ledger.GetTotals(EnergyBoundary.Cpu).OutputTokens));
    }

    [Fact]
    public void Engine_Connected_TellsWhatRunsAndWhatEnded()
    {
        var observer = new EnergyObserver(_ledger);
        observer.Connect(_engine, new StepReader(_engine, [observer.Observe]));
        Assert.Equal(double.PositiveInfinity, _ledger.RunningSince());

        // Half of the window belongs to a step that still runs: none of it is split up.
        _engine.Stats = new EngineStats { StepStartedAt = Ticks(21) };
        Assert.Equal(21, _ledger.RunningSince(), 6);
        _ledger.AddWindow(Package, new EnergyWindow(20, 22, 40), now: 22);
        Assert.Equal(0, _ledger.GetTotals(EnergyBoundary.Cpu).All);

        // It ends: reported first, as the engine does it.
        _engine.StepReports.Begin()[0] = new StepRow(1, IsDecode: false, 10, 10, 1, 1);
        _engine.StepReports.End(Report(21, 23), 1);
        _engine.Stats = new EngineStats();
        _ledger.AddWindow(Package, new EnergyWindow(22, 23, 20), now: 23);
        var totals = _ledger.GetTotals(EnergyBoundary.Cpu);
        Assert.Equal((40, 20), (totals.Prefill, totals.Idle));
    }

    private static StepReport Report(double from, double to) => new()
    {
        StartedAt = Ticks(from),
        EndedAt = Ticks(to),
        RunSeconds = to - from,
        Status = RunStatus.Ok,
        NumDecodes = 0,
        NumPrefillTokens = 0,
        NumOutputTokens = 0,
    };

    private static long Ticks(double seconds) => (long)(seconds * Stopwatch.Frequency);
}
