using System.Diagnostics;
using InferenceServer.Inference.Engine;
using InferenceServer.Inference.Models.Planning;
using InferenceServer.Server.Hosting;
using InferenceServer.Telemetry.Roofline;

namespace InferenceServer.Server.Measuring;

/// <summary>Tells the roofline what steps that only decode had to read: the weights once, and each sequence's KV cache.</summary>
internal sealed class DecodeObserver(ServedModel model, RooflineInstruments instruments)
{
    private readonly Roofline? _roofline = model.Roofline;

    /// <summary>Why the model's bytes are not known; null if they are.</summary>
    public static string? FaultOf(ServedModel model) => model.Roofline is { IsFollowed: true } ? null : "unknown_model";

    /// <summary>A <see cref="StepObserver"/>.</summary>
    public void Observe(in StepReport report, ReadOnlySpan<StepRow> rows)
    {
        if (report.Status != RunStatus.Ok || report.NumPrefillTokens > 0 || _roofline is null)
        {
            return;
        }

        var bytes = _roofline.GetWeightBytes(report.NumDecodes);
        foreach (ref readonly var row in rows)
        {
            bytes += _roofline.GetContextBytes(row.NumContextTokens);
        }

        instruments.Observe(bytes, Stopwatch.GetElapsedTime(report.StartedAt, report.EndedAt).TotalSeconds, report.NumDecodes);
    }
}
