using System.Diagnostics;
using InferenceServer.Inference.Engine;
using InferenceServer.Telemetry.Power.Attribution;

namespace InferenceServer.Server.Measuring;

/// <summary>Brings the engine's steps and the machine's joules together: tells the ledger of every step, and when one runs.</summary>
/// <param name="ledger">Splits the joules.</param>
internal sealed class EnergyObserver(EnergyLedger ledger)
{
    // Sequences of a step at most; Inference:Parallel allows no more.
    private const int MaxRows = 128;

    private readonly StepShare[] _shares = new StepShare[MaxRows];

    /// <summary>A <see cref="StepObserver"/>. A step that failed took its joules too.</summary>
    public void Observe(in StepReport report, ReadOnlySpan<StepRow> rows)
    {
        var count = Math.Min(rows.Length, MaxRows);
        for (var i = 0; i < count; i++)
        {
            ref readonly var row = ref rows[i];
            _shares[i] = new StepShare(row.RequestId, !row.IsDecode, row.Share, row.NumOutputTokens);
        }

        ledger.AddStep(ToSeconds(report.StartedAt), ToSeconds(report.EndedAt), _shares.AsSpan(0, count));
    }

    /// <summary>Lets the ledger look at the engine. Once, before anything is measured.</summary>
    public void Connect(IInferenceEngine engine, StepReader steps)
    {
        ledger.RunningSince = () => engine.Stats.StepStartedAt is not 0 and var ticks ? ToSeconds(ticks) : double.PositiveInfinity;
        ledger.ReadSteps = steps.Read;
    }

    // The system's clock, which MonotonicClock is made of, counts in the same ticks.
    private static double ToSeconds(long ticks) => ticks / (double)Stopwatch.Frequency;
}
