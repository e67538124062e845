using System.Diagnostics;
using InferenceServer.Inference.Engine;
using InferenceServer.Inference.Remote.Frames;

namespace InferenceServer.Inference.Remote;

/// <summary>
/// Gathers what a step gives and sends it as one frame, so that a step costs one write. Whatever a step gave is there or not, whole: a host that goes on from
/// what it has goes on from between two steps. Engine thread only.
/// </summary>
/// <param name="sender">The way to the host.</param>
/// <param name="readStats">The engine's counts.</param>
/// <param name="reports">The engine's reports.</param>
internal sealed class StepOutbox(FrameSender sender, Func<EngineStats> readStats, Func<StepReportQueue> reports)
{
    // Counts are read for people and charts, but when somebody comes or goes they are exact.
    private static readonly TimeSpan StatsInterval = TimeSpan.FromMilliseconds(50);

    private readonly FrameWriter _events = new();
    private readonly FrameWriter _frame = new();
    private long _statsAt;
    private bool _wantsStats;
    private StepObserver? _observer;

    /// <summary>As <see cref="EngineOutlet.Write"/>.</summary>
    public void Write(long requestId, in GenerationEvent item)
    {
        _wantsStats |= item.Kind is GenerationEventKind.Started or GenerationEventKind.Finished;
        StepFrames.WriteEvent(_events, requestId, item);
    }

    /// <summary>As <see cref="EngineOutlet.Flush"/>.</summary>
    public void Flush(bool isIdle)
    {
        _frame.Begin(FrameKind.Step);
        var empty = _frame.Written.Length;
        if (isIdle || _wantsStats || Stopwatch.GetElapsedTime(_statsAt) > StatsInterval)
        {
            _frame.Byte((byte)StepItem.Stats);
            StatsFrames.Write(_frame, readStats());
            _statsAt = Stopwatch.GetTimestamp();
            _wantsStats = false;
        }

        var queue = reports();
        _observer ??= Report;
        while (queue.TryRead(_observer))
        {
        }

        _frame.Raw(_events.Written.Span);
        _events.Clear();
        if (_frame.Written.Length == empty)
        {
            _frame.Clear();
            return;
        }

        _frame.End();
        sender.SendWritten(_frame);
    }

    private void Report(in StepReport report, ReadOnlySpan<StepRow> rows) => StepFrames.WriteReport(_frame, report, rows);
}
