namespace InferenceServer.Inference.Scheduling;

/// <summary>Where a sequence is in its life.</summary>
internal enum SequenceStatus
{
    /// <summary>Not admitted yet.</summary>
    Waiting,

    /// <summary>Holds cells and computes.</summary>
    Running,

    /// <summary>Lost its cells to another sequence; waits to compute again what the cache no longer has.</summary>
    Preempted,

    /// <summary>Done; see <see cref="Sequence.FinishReason"/>.</summary>
    Finished,
}
