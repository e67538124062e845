namespace InferenceServer.Inference.Native;

/// <summary>
/// The threads (<c>ggml_threadpool</c>) that compute on the CPU beside the one that calls, kept between steps. A context without them gets new ones for every step, and Linux starts those behind
/// whoever runs at that moment, which is the reader of the last token: a stream was a tenth slower (docs/performance.md).
/// </summary>
internal static unsafe class ComputeThreads
{
    /// <summary>Threads for one context, which sleep while it computes nothing; 0 if the CPU's library has no such thing.</summary>
    /// <param name="count">The calling thread included.</param>
    public static nint Create(int count)
    {
        var create = (delegate* unmanaged[Cdecl]<GgmlThreadpoolParams*, nint>)Find("ggml_threadpool_new\0"u8);
        if (create is null)
        {
            return 0;
        }

        GgmlThreadpoolParams parameters;
        LlamaApi.ggml_threadpool_params_init(&parameters, count);

        // Spinning between steps as well was no faster, and takes a processor from whoever reads the tokens.
        parameters.Poll = 0;
        return create(&parameters);
    }

    /// <summary>Ends them; after the context that they computed for. Nothing for 0.</summary>
    public static void Free(nint threads)
    {
        if (threads != 0)
        {
            ((delegate* unmanaged[Cdecl]<nint, void>)Find("ggml_threadpool_free\0"u8))(threads);
        }
    }

    // The CPU's library is one of many, and none that we link to.
    private static nint Find(ReadOnlySpan<byte> name)
    {
        var processor = ComputeDevice.Enumerate().First(device => device.Kind == ComputeDeviceKind.Cpu);
        fixed (byte* text = name)
        {
            return LlamaApi.ggml_backend_reg_get_proc_address(LlamaApi.ggml_backend_dev_backend_reg(processor.Handle), text);
        }
    }
}
