namespace InferenceServer.Inference.Cache.Disk;

/// <summary>How the disk tier is to be; crosses to wherever the engine lives by value.</summary>
/// <param name="Path">The folder that holds its folder.</param>
/// <param name="MaxBytes">Room for all files.</param>
/// <param name="WriteBytesPerDay">What may be written in a day.</param>
internal sealed record DiskTierOptions(string Path, long MaxBytes, long WriteBytesPerDay)
{
    /// <summary>What is worth writing.</summary>
    public WriteRule Rule { get; init; } = new();
}
