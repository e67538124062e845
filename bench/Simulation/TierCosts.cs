namespace InferenceServer.Bench.Simulation;

/// <summary>What keeping prefixes outside the cells costs on a device that does not exist here, and how many there is room for.</summary>
/// <param name="MemoryTokens">Tokens that the host's memory has room for; 0: it keeps none.</param>
/// <param name="DiskTokens">Tokens that the disk has room for; 0: it keeps none.</param>
/// <param name="CopyTokenMs">Copying a token's KV between cells and memory, in milliseconds.</param>
/// <param name="ReadTokenMs">Reading and checking a token's KV from disk, beside the steps.</param>
internal sealed record TierCosts(int MemoryTokens, int DiskTokens, double CopyTokenMs, double ReadTokenMs)
{
    /// <summary>Bytes that stand for a token's KV.</summary>
    public const int TokenBytes = 1024;

    // A 70B at f16.
    private const double RealTokenBytes = 320 * 1024;

    /// <summary>A 70B's, on a desktop with unified memory and an SSD.</summary>
    /// <param name="memoryGigabytes">For prefixes in memory.</param>
    /// <param name="diskGigabytes">For prefixes on disk.</param>
    /// <param name="copyGigabytesPerSecond">Between cells and memory.</param>
    /// <param name="readGigabytesPerSecond">From disk, checksum included.</param>
    public static TierCosts Large(double memoryGigabytes, double diskGigabytes, double copyGigabytesPerSecond = 5, double readGigabytesPerSecond = 1.3) => new(
        (int)(memoryGigabytes * 1e9 / RealTokenBytes),
        (int)(diskGigabytes * 1e9 / RealTokenBytes),
        RealTokenBytes / (copyGigabytesPerSecond * 1e6),
        RealTokenBytes / (readGigabytesPerSecond * 1e6));
}
