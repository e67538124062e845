namespace InferenceServer.Inference.Cache.Disk;

/// <summary>Whether the disk tier serves.</summary>
public enum DiskTierState
{
    /// <summary>The settings want none, or the model's KV cannot be saved.</summary>
    None,

    /// <summary>Its files are being looked at.</summary>
    Starting,

    /// <summary>It reads and writes.</summary>
    On,

    /// <summary>Another process owns the folder.</summary>
    Taken,

    /// <summary>The disk is full, failed or hung.</summary>
    Failed,
}
