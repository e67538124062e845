namespace InferenceServer.Inference.Native;

/// <summary>Lets threads that prepare work give way to those that compute a step.</summary>
internal static class ComputePrecedence
{
    /// <summary>
    /// Added to the nice value: a tenth of the share of the others. At 5 Linux still took whole time slices from the threads of a step, at 10 it did not:
    /// docs/performance.md, long prompts beside a running stream.
    /// </summary>
    private const int Increment = 10;

    /// <summary>
    /// The calling thread, for good, gets a processor only when the threads of a step leave one. llama.cpp's threads wait for each other by spinning: one that is put
    /// aside for a time slice holds them all up. Linux only; on a Mac the step is computed by the GPU. Where the system refuses it, nothing changes.
    /// </summary>
    public static void Yield()
    {
        if (OperatingSystem.IsLinux())
        {
            _ = SystemApi.nice(Increment);
        }
    }
}
