using System.Diagnostics;
using InferenceServer.Inference.Scheduling;

namespace InferenceServer.Inference.Engine;

/// <summary>Reports steps, each with its sequences' shares of its cost. Engine thread.</summary>
/// <param name="reports">Where to.</param>
/// <param name="costs">The prices by which a step's cost is split.</param>
internal sealed class StepReporter(StepReportQueue reports, StepCosts costs)
{
    /// <summary>Reports a step that has ended; nothing if nobody has read for long.</summary>
    /// <param name="step">The step, its sequences as they are behind it.</param>
    /// <param name="start">When the device began, in ticks of <see cref="Stopwatch"/>.</param>
    /// <param name="status">What came of it.</param>
    /// <param name="runSeconds">See <see cref="StepReport.RunSeconds"/>.</param>
    /// <param name="numOutputTokens">Tokens that it generated.</param>
    public void Report(ScheduledStep step, long start, RunStatus status, double runSeconds, int numOutputTokens)
    {
        var rows = reports.Begin();
        if (rows.IsEmpty)
        {
            return;
        }

        // A chunk counts in the slice that completes it.
        var numSliced = step.Slice is { } chunk && status == RunStatus.Ok ? chunk.NumTokens : 0;
        if (step.Slice is { } slice)
        {
            rows[0] = new StepRow(slice.Sequence.RequestId, IsDecode: false, numSliced, slice.Start + numSliced, NumOutputTokens: 0, Share: 1);
        }

        var total = costs.Predict(step.Work);
        for (var i = 0; i < step.Rows.Count; i++)
        {
            var row = step[i];
            var isDecode = i < step.NumDecodes;
            var work = isDecode ? default(StepWork).WithDecode(row.Start) : default(StepWork).WithPrefill(row.Start, row.NumTokens);
            var cost = costs.PredictRow(work, step.Work, step.Rows.Count);
            var end = row.Start + row.NumTokens;
            var numOutputs = row.WantsOutput && status == RunStatus.Ok ? row.Sequence.NumTokens - end : 0;
            rows[i] = new StepRow(row.Sequence.RequestId, isDecode, row.NumTokens, end, numOutputs, (float)(cost / total));
        }

        reports.End(
            new StepReport
            {
                StartedAt = start,
                EndedAt = Stopwatch.GetTimestamp(),
                RunSeconds = runSeconds,
                Status = status,
                NumDecodes = step.NumDecodes,
                NumPrefillTokens = step.NumPrefillTokens + numSliced,
                NumOutputTokens = numOutputTokens,
            },
            step.NumSequences);
    }
}
