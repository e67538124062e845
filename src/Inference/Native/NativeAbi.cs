using System.Runtime.InteropServices;

namespace InferenceServer.Inference.Native;

/// <summary>
/// Asks a library whether it is the one our structs describe: the release it names, and its default parameters read
/// through our structs. A field that moved would show another field's default.
/// </summary>
internal static unsafe class NativeAbi
{
    /// <summary>What differs, in words, or null if nothing does. Called before anything else of the library, and asks the handle alone.</summary>
    public static string? FindMismatch(nint llama)
    {
        if (!NativeLibrary.TryGetExport(llama, nameof(LlamaApi.llama_version), out var version)
            || !NativeLibrary.TryGetExport(llama, nameof(LlamaApi.llama_model_default_params), out var model)
            || !NativeLibrary.TryGetExport(llama, nameof(LlamaApi.llama_context_default_params), out var context))
        {
            return $"it lacks {nameof(LlamaApi.llama_version)} or one of the default parameters";
        }

        var actual = Marshal.PtrToStringUTF8((nint)((delegate* unmanaged[Cdecl]<byte*>)version)());
        return actual != NativeLibraries.Version
            ? $"it says it is {actual}"
            : FindMismatch(((delegate* unmanaged[Cdecl]<LlamaModelParams>)model)())
                ?? FindMismatch(((delegate* unmanaged[Cdecl]<LlamaContextParams>)context)());
    }

    /// <summary>The first field of the default model parameters that is not what v0.4.0 sets; null if all are.</summary>
    public static string? FindMismatch(in LlamaModelParams actual) =>
        Differs("devices", (nint)actual.Devices, 0)
        ?? Differs("tensor_buft_overrides", (nint)actual.TensorBufferOverrides, 0)
        ?? Differs("n_gpu_layers", actual.NumGpuLayers, -1)
        ?? Differs("split_mode", actual.SplitMode, 1)
        ?? Differs("load_mode", (int)actual.LoadMode, (int)LlamaLoadMode.Auto)
        ?? Differs("lazy_mode", actual.LazyMode, 1)
        ?? Differs("main_gpu", actual.MainGpu, 0)
        ?? Differs("tensor_split", (nint)actual.TensorSplit, 0)
        ?? Differs("progress_callback", (nint)actual.ProgressCallback, 0)
        ?? Differs("progress_callback_user_data", (nint)actual.ProgressCallbackUserData, 0)
        ?? Differs("kv_overrides", (nint)actual.KeyValueOverrides, 0)
        ?? Differs("vocab_only", actual.VocabOnly, 0)
        ?? Differs("check_tensors", actual.CheckTensors, 0)
        ?? Differs("use_extra_bufts", actual.UseExtraBufferTypes, 1)
        ?? Differs("no_host", actual.NoHost, 0)
        ?? Differs("no_alloc", actual.NoAlloc, 0)
        ?? Differs("load_mtp", actual.LoadMtp, 0);

    /// <summary>The first field of the default context parameters that is not what v0.4.0 sets; null if all are.</summary>
    public static string? FindMismatch(in LlamaContextParams actual) =>
        Differs("n_ctx", actual.NumCells, 512)
        ?? Differs("n_batch", actual.NumBatch, 2048)
        ?? Differs("n_ubatch", actual.NumUbatch, 512)
        ?? Differs("n_seq_max", actual.NumSequences, 1)
        ?? Differs("n_rs_seq", actual.NumRecurrentSnapshots, 0)
        ?? Differs("n_outputs_max", actual.NumOutputs, 0)
        ?? Differs("n_outputs_max_per_seq", actual.NumOutputsPerSequence, 1)
        ?? Differs("n_threads", actual.NumThreads, 4)
        ?? Differs("n_threads_batch", actual.NumThreadsBatch, 4)
        ?? Differs("ctx_type", actual.ContextType, 0)
        ?? Differs("rope_scaling_type", actual.RopeScalingType, -1)
        ?? Differs("pooling_type", (int)actual.PoolingType, (int)LlamaPoolingType.Unspecified)
        ?? Differs("attention_type", actual.AttentionType, -1)
        ?? Differs("flash_attn_type", (int)actual.FlashAttention, (int)LlamaFlashAttention.Auto)
        ?? Differs("rope_freq_base", actual.RopeFrequencyBase, 0)
        ?? Differs("rope_freq_scale", actual.RopeFrequencyScale, 0)
        ?? Differs("yarn_ext_factor", actual.YarnExtFactor, -1)
        ?? Differs("yarn_attn_factor", actual.YarnAttnFactor, -1)
        ?? Differs("yarn_beta_fast", actual.YarnBetaFast, -1)
        ?? Differs("yarn_beta_slow", actual.YarnBetaSlow, -1)
        ?? Differs("yarn_orig_ctx", actual.YarnOriginalContext, 0)
        ?? Differs("defrag_thold", actual.DefragThreshold, -1)
        ?? Differs("cb_eval", (nint)actual.EvalCallback, 0)
        ?? Differs("cb_eval_user_data", (nint)actual.EvalCallbackUserData, 0)
        ?? Differs("type_k", (int)actual.TypeK, (int)GgmlType.F16)
        ?? Differs("type_v", (int)actual.TypeV, (int)GgmlType.F16)
        ?? Differs("abort_callback", (nint)actual.AbortCallback, 0)
        ?? Differs("abort_callback_data", (nint)actual.AbortCallbackData, 0)
        ?? Differs("embeddings", actual.Embeddings, 0)
        ?? Differs("offload_kqv", actual.OffloadKqv, 1)
        ?? Differs("no_perf", actual.NoPerf, 1)
        ?? Differs("op_offload", actual.OpOffload, 1)
        ?? Differs("swa_full", actual.SwaFull, 1)
        ?? Differs("kv_unified", actual.KvUnified, 0)
        ?? Differs("samplers", (nint)actual.Samplers, 0)
        ?? Differs("n_samplers", actual.NumSamplers, 0)
        ?? Differs("ctx_other", actual.OtherContext, 0);

    private static string? Differs(string field, double actual, double expected) =>
        actual.Equals(expected) ? null : $"its default of {field} is {actual} where {expected} was expected";
}
