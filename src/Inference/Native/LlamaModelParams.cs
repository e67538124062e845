namespace InferenceServer.Inference.Native;

/// <summary><c>llama_model_params</c> of v0.4.0. C's <c>bool</c> is a byte, 0 or 1. Pinned by tests and at start.</summary>
internal unsafe struct LlamaModelParams
{
    /// <summary>Null-terminated list of devices; null lets the library choose, an empty list is the CPU alone.</summary>
    public nint* Devices;
    public void* TensorBufferOverrides;

    /// <summary>Layers on the devices; negative is all.</summary>
    public int NumGpuLayers;
    public int SplitMode;
    public LlamaLoadMode LoadMode;
    public int LazyMode;
    public int MainGpu;
    public float* TensorSplit;

    /// <summary>Gets 0..1 and its user data; returning 0 ends the load.</summary>
    public delegate* unmanaged[Cdecl]<float, void*, byte> ProgressCallback;
    public void* ProgressCallbackUserData;

    /// <summary>Header values to replace; the last element has an empty key. Null if none.</summary>
    public LlamaKeyValueOverride* KeyValueOverrides;
    public byte VocabOnly;
    public byte CheckTensors;
    public byte UseExtraBufferTypes;
    public byte NoHost;

    /// <summary>1: allocate nothing, only simulate the load and log the sizes of all buffers.</summary>
    public byte NoAlloc;
    public byte LoadMtp;
}

/// <summary><c>llama_load_mode</c>: how the weights come into memory.</summary>
internal enum LlamaLoadMode
{
    /// <summary>Mapped if all devices can use mapped memory, else read.</summary>
    Auto = -1,

    /// <summary>Read into memory of its own.</summary>
    None = 0,

    /// <summary>Mapped.</summary>
    Mmap = 1,

    /// <summary>Read and pinned.</summary>
    MLock = 2,

    /// <summary>Mapped and pinned.</summary>
    MmapMLock = 3,

    /// <summary>Read past the page cache.</summary>
    DirectIO = 4,
}
