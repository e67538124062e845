using System.Diagnostics;
using InferenceServer.Inference.Cache;
using InferenceServer.Inference.Engine;
using InferenceServer.Inference.Scheduling;

namespace InferenceServer.Bench.Micro;

/// <summary>A device that takes next to no time: what remains is the engine's own work. Its short rows leave next to nothing to the sampler.</summary>
internal sealed class FakeRunner(int maxSequences) : IModelRunner
{
    /// <summary>What it does take, and what any figure measured over it holds of the device.</summary>
    public const double MicrosecondsPerToken = 0.2;

    private readonly float[] _logits = CreateLogits();

    /// <inheritdoc/>
    public ModelRunnerInfo Info { get; } = new()
    {
        NumCells = 32_768,
        NumSequenceIds = maxSequences + 56,
        MaxBatchTokens = 256,
        MaxOutputs = maxSequences,
        MaxSequenceTokens = 32_768,
        CanSharePrefixes = true,
        Fingerprint = "fake",
    };

    /// <inheritdoc/>
    public void Apply(IReadOnlyList<CacheOperation> operations)
    {
    }

    /// <inheritdoc/>
    public byte[]? Save(SpanCopy copy) => null;

    /// <inheritdoc/>
    public bool Restore(in ScheduledRestore restore) => false;

    /// <inheritdoc/>
    public RunStatus Run(ScheduledStep step)
    {
        // The engine learns costs from steps, and a token that costs nothing at all is beyond what it takes for a device.
        var start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start).TotalMicroseconds < MicrosecondsPerToken * step.NumTokens)
        {
        }

        return RunStatus.Ok;
    }

    /// <inheritdoc/>
    public ReadOnlySpan<float> GetLogits(int row) => _logits;

    /// <inheritdoc/>
    public ReadOnlySpan<float> GetLogits(int row, int token) => _logits;

    /// <inheritdoc/>
    public (int Min, int Max) GetPositions(int sequenceId) => (-1, -1);

    /// <inheritdoc/>
    public bool Reset() => true;

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    // Token 70 always wins: in every byte-level vocabulary a printable character.
    private static float[] CreateLogits()
    {
        var logits = new float[128];
        logits[70] = 10;
        return logits;
    }
}
