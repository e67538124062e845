using InferenceServer.Inference.Cache;
using InferenceServer.Inference.Scheduling;

namespace InferenceServer.Inference.Engine;

/// <summary>The device: a loaded model with its KV memory. Engine thread only.</summary>
internal interface IModelRunner : IDisposable
{
    /// <summary>What the context was made for.</summary>
    ModelRunnerInfo Info { get; }

    /// <summary>Applies the books' decisions to the KV memory, in order.</summary>
    void Apply(IReadOnlyList<CacheOperation> operations);

    /// <summary>The KV of some positions of a sequence id, as bytes that only <see cref="Restore"/> understands; null if the device could not.</summary>
    byte[]? Save(SpanCopy copy);

    /// <summary>Gives a sequence id cells that were saved. False: nothing was changed.</summary>
    bool Restore(in ScheduledRestore restore);

    /// <summary>Computes a step; its cells are free by the books.</summary>
    RunStatus Run(ScheduledStep step);

    /// <summary>Logits of a row of the step just run, by its index in the step; the row wanted an output. Valid until the next run.</summary>
    ReadOnlySpan<float> GetLogits(int row);

    /// <summary>Logits of a token by its index within a row; they were wanted. Valid until the next run.</summary>
    ReadOnlySpan<float> GetLogits(int row, int token);

    /// <summary>Smallest and largest position that a sequence id holds; (-1, -1) if none.</summary>
    (int Min, int Max) GetPositions(int sequenceId);

    /// <summary>Makes the KV memory anew after a failure; false if the device is beyond that.</summary>
    bool Reset();
}
