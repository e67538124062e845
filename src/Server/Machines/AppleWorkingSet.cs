namespace InferenceServer.Server.Machines;

/// <summary>
/// Memory that macOS lets the GPU have where nobody changed <c>iogpu.wired_limit_mb</c>. For plans only: on the machine itself Metal says it
/// (<c>recommendedMaxWorkingSetSize</c>).
/// </summary>
internal static class AppleWorkingSet
{
    // As logged by llama.cpp under macOS 26 and 27: 12,713,120,000 bytes of 16 GiB, 26.80e9 of 32, 55,662,788,608 of 64, 115.45e9 of 128, about 239e9 of
    // 256. Sizes without a log (96, 192, 512 GB) get the share of the next smaller one that has.
    private static readonly (int FromGigabytes, double Share)[] Steps = [(256, 0.87), (128, 0.84), (64, 0.81), (32, 0.78), (0, 0.74)];

    /// <summary>Bytes for a machine with so many GiB of memory.</summary>
    public static long Bytes(int gigabytes) =>
        (long)(((long)gigabytes << 30) * Steps.First(step => gigabytes >= step.FromGigabytes).Share);
}
