using System.Diagnostics;
using InferenceServer.Inference.Engine;
using InferenceServer.Inference.Models;
using InferenceServer.Server.Hosting;
using InferenceServer.Telemetry.Roofline;

namespace InferenceServer.Server.Measuring;

/// <summary>Tells the roofline what steps that only decode had to read: the weights once, and each sequence's KV cache.</summary>
internal sealed class DecodeObserver(ServedModel model, Settings settings, RooflineInstruments roofline)
{
    private readonly DecodeTraffic? _traffic = model.Metadata.Traffic;
    private readonly double _kvBytes = model.Metadata.Traffic?.GetKvBytes(settings.Inference.KvCacheType) ?? 0;

    /// <summary>Why the model's bytes are not known; null if they are.</summary>
    public static string? FaultOf(ServedModel model) => model.Metadata.Traffic?.KvLength is null ? "unknown_model" : null;

    /// <summary>A <see cref="StepObserver"/>.</summary>
    public void Observe(in StepReport report, ReadOnlySpan<StepRow> rows)
    {
        if (report.Status != RunStatus.Ok || report.NumPrefillTokens > 0 || _traffic is null)
        {
            return;
        }

        var context = 0L;
        foreach (ref readonly var row in rows)
        {
            context += row.NumContextTokens;
        }

        roofline.Observe(
            _traffic.GetWeightBytes(report.NumDecodes) + (_kvBytes * context),
            Stopwatch.GetElapsedTime(report.StartedAt, report.EndedAt).TotalSeconds,
            report.NumDecodes);
    }
}
