using InferenceServer.Inference.Engine;

namespace InferenceServer.Integration.Tests.Clients;

/// <summary>Keeps what the engine reports of its last steps. Any thread.</summary>
internal sealed class StepRecorder
{
    private const int MaxSteps = 4096;

    private readonly Queue<StepRow[]> _steps = new();

    /// <summary>The rows of each step, oldest first.</summary>
    public IReadOnlyList<StepRow[]> Rows
    {
        get
        {
            lock (_steps)
            {
                return [.. _steps];
            }
        }
    }

    /// <summary>A <see cref="StepObserver"/>.</summary>
    public void Record(in StepReport report, ReadOnlySpan<StepRow> rows)
    {
        lock (_steps)
        {
            _steps.Enqueue(rows.ToArray());
            if (_steps.Count > MaxSteps)
            {
                _steps.Dequeue();
            }
        }
    }
}
