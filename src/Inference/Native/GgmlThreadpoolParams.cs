namespace InferenceServer.Inference.Native;

/// <summary><c>ggml_threadpool_params</c> of v0.4.0.</summary>
internal unsafe struct GgmlThreadpoolParams
{
    /// <summary><c>GGML_MAX_N_THREADS</c>.</summary>
    private const int MaxThreads = 512;

    public fixed byte CpuMask[MaxThreads];
    public int NumThreads;
    public int Priority;
    public uint Poll;
    public byte StrictCpu;
    public byte Paused;
}
