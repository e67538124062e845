using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

// Names are those of llama.h and ggml-backend.h, so that they can be searched there.
#pragma warning disable IDE1006

namespace InferenceServer.Inference.Native;

/// <summary>
/// The functions of llama.cpp v0.4.0 that we call, all of them, and nothing else. <see cref="NativeLibraries"/> says where
/// the three libraries come from and must have loaded them before the first call. Unless a line says otherwise a function
/// may be called from any thread, but a context and everything of it from one thread at a time.
/// </summary>
internal static unsafe partial class LlamaApi
{
    public const string Llama = "llama";
    public const string Ggml = "ggml";
    public const string GgmlBase = "ggml-base";

    // ---- library -----------------------------------------------------------------------------------------------

    /// <summary>Release, for example <c>0.4.0</c>; static text.</summary>
    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial byte* llama_version();

    /// <summary>Instruction sets in use; static text.</summary>
    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial byte* llama_print_system_info();

    /// <summary>Once, before models are loaded.</summary>
    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial void llama_backend_init();

    /// <summary>Process-wide and not thread-safe: once, before anything can log. Sets ggml's callback too.</summary>
    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial void llama_log_set(delegate* unmanaged[Cdecl]<int, byte*, void*, void> callback, void* userData);

    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial LlamaModelParams llama_model_default_params();

    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial LlamaContextParams llama_context_default_params();

    // ---- backends and devices ----------------------------------------------------------------------------------

    /// <summary>Loads, from one folder (zero-terminated path), the best library of every kind of backend; says nothing if there is none.</summary>
    [LibraryImport(Ggml), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial void ggml_backend_load_all_from_path(byte* folder);

    [LibraryImport(Ggml), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial nuint ggml_backend_dev_count();

    /// <summary>A device that lives as long as the process. An index out of range aborts the process.</summary>
    [LibraryImport(Ggml), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial nint ggml_backend_dev_get(nuint index);

    [LibraryImport(GgmlBase), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial byte* ggml_backend_dev_name(nint device);

    [LibraryImport(GgmlBase), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial byte* ggml_backend_dev_description(nint device);

    [LibraryImport(GgmlBase), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial ComputeDeviceKind ggml_backend_dev_type(nint device);

    /// <summary>Bytes; both 0 if the device does not say.</summary>
    [LibraryImport(GgmlBase), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial void ggml_backend_dev_memory(nint device, nuint* free, nuint* total);

    /// <summary>The backend that a device is of.</summary>
    [LibraryImport(GgmlBase), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial nint ggml_backend_dev_backend_reg(nint device);

    /// <summary>A function that only this backend has, by its name (zero-terminated); 0 if it has not.</summary>
    [LibraryImport(GgmlBase), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial nint ggml_backend_reg_get_proc_address(nint backend, byte* name);

    [LibraryImport(GgmlBase), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial void ggml_threadpool_params_init(GgmlThreadpoolParams* parameters, int numThreads);

    // ---- models ------------------------------------------------------------------------------------------------

    /// <summary>Loads a file, and the other shards if it is the first of them (zero-terminated path). 0: failed, and the log says why.</summary>
    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial nint llama_model_load_from_file(byte* path, LlamaModelParams parameters);

    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial void llama_model_free(nint model);

    /// <summary>Lives as long as the model; 0 never occurs.</summary>
    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial nint llama_model_get_vocab(ModelHandle model);

    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int llama_model_n_ctx_train(ModelHandle model);

    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int llama_model_n_embd(ModelHandle model);

    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int llama_model_n_embd_out(ModelHandle model);

    /// <summary>Numbers in a reranker's pooled output.</summary>
    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial uint llama_model_n_cls_out(ModelHandle model);

    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int llama_model_n_layer(ModelHandle model);

    /// <summary>Tokens of the sliding window; 0 if the model has none.</summary>
    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int llama_model_n_swa(ModelHandle model);

    /// <summary>Bytes of all tensors.</summary>
    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial ulong llama_model_size(ModelHandle model);

    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial ulong llama_model_n_params(ModelHandle model);

    /// <summary>Writes a short description, zero-terminated and cut if it must be; returns its full length.</summary>
    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int llama_model_desc(ModelHandle model, byte* buffer, nuint size);

    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial byte llama_model_has_encoder(ModelHandle model);

    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial byte llama_model_has_decoder(ModelHandle model);

    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial byte llama_model_is_recurrent(ModelHandle model);

    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial byte llama_model_is_hybrid(ModelHandle model);

    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial byte llama_model_is_diffusion(ModelHandle model);

    // ---- vocabulary --------------------------------------------------------------------------------------------
    // A vocabulary pointer must not be used after its model was freed. Token ids out of range throw C++ exceptions or abort.

    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial VocabularyKind llama_vocab_type(nint vocabulary);

    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int llama_vocab_n_tokens(nint vocabulary);

    /// <summary>The token as the file spells it, zero-terminated; lives as long as the model.</summary>
    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial byte* llama_vocab_get_text(nint vocabulary, int token);

    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial TokenAttributes llama_vocab_get_attr(nint vocabulary, int token);

    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial byte llama_vocab_is_eog(nint vocabulary, int token);

    /// <summary>-1 if there is none.</summary>
    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int llama_vocab_bos(nint vocabulary);

    /// <summary>-1 if there is none.</summary>
    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int llama_vocab_eos(nint vocabulary);

    /// <summary>-1 if there is none.</summary>
    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int llama_vocab_eot(nint vocabulary);

    /// <summary>-1 if there is none.</summary>
    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int llama_vocab_fim_pre(nint vocabulary);

    /// <summary>-1 if there is none.</summary>
    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int llama_vocab_fim_suf(nint vocabulary);

    /// <summary>-1 if there is none.</summary>
    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int llama_vocab_fim_mid(nint vocabulary);

    /// <summary>-1 if there is none.</summary>
    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int llama_vocab_sep(nint vocabulary);

    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial byte llama_vocab_get_add_bos(nint vocabulary);

    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial byte llama_vocab_get_add_sep(nint vocabulary);

    /// <summary>Tokens that the model's authors never want to see generated; lives as long as the model. Null if none.</summary>
    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int* llama_vocab_get_suppress_tokens(nint vocabulary, int* count);

    /// <summary>
    /// Writes token ids and returns how many; negative: nothing was written, and its absolute value is the space needed;
    /// <see cref="int.MinValue"/>: more than fit an int. Needs a deep stack for long runs of one kind of character.
    /// </summary>
    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int llama_tokenize(nint vocabulary, byte* text, int length, int* tokens, int capacity, byte addSpecial, byte parseSpecial);

    /// <summary>Writes a token's bytes and returns how many; negative: nothing was written, and its absolute value is the space needed.</summary>
    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int llama_token_to_piece(nint vocabulary, int token, byte* buffer, int capacity, int strippedSpaces, byte renderSpecial);

    // ---- contexts ----------------------------------------------------------------------------------------------

    /// <summary>0: failed, and the log says why.</summary>
    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial nint llama_init_from_model(ModelHandle model, LlamaContextParams parameters);

    /// <summary>Whose threads compute single tokens and batches from now on; they must outlive the context.</summary>
    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial void llama_attach_threadpool(ContextHandle context, nint threads, nint batchThreads);

    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial void llama_free(nint context);

    /// <summary>KV cells, which may be more than was asked for.</summary>
    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial uint llama_n_ctx(ContextHandle context);

    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial uint llama_n_batch(ContextHandle context);

    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial uint llama_n_ubatch(ContextHandle context);

    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial uint llama_n_seq_max(ContextHandle context);

    /// <summary>Belongs to the context; 0 for a model without memory (an encoder).</summary>
    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial nint llama_get_memory(ContextHandle context);

    /// <summary>See <see cref="LlamaContextParams.AbortCallback"/>; null takes it away.</summary>
    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial void llama_set_abort_callback(ContextHandle context, delegate* unmanaged[Cdecl]<void*, byte> callback, void* data);

    /// <summary>Waits for the device.</summary>
    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial void llama_synchronize(ContextHandle context);

    /// <summary>0 ok, 1 no cells, 2 aborted, -1 invalid batch, below -1 failed: <see cref="DecodeStatus"/>. More tokens than n_batch abort the process.</summary>
    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int llama_decode(ContextHandle context, LlamaBatch batch);

    /// <summary>0 ok; negative: failed, the memory is as it was. More tokens than n_ubatch abort the process.</summary>
    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int llama_encode(ContextHandle context, LlamaBatch batch);

    /// <summary>Logits of the token at an index of the last batch, as many as the vocabulary has tokens, until the next decode. Null: that token wanted none.</summary>
    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial float* llama_get_logits_ith(ContextHandle context, int index);

    /// <summary>Embedding of the token at an index of the last batch, until the next call. Null: that token wanted none.</summary>
    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial float* llama_get_embeddings_ith(ContextHandle context, int index);

    /// <summary>Pooled embedding of a sequence of the last batch, until the next call. Null: the context does not pool.</summary>
    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial float* llama_get_embeddings_seq(ContextHandle context, int sequenceId);

    // ---- memory: positions are half-open ranges, a negative end is open -----------------------------------------

    /// <summary>Forgets all cells; with data also overwrites them.</summary>
    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial void llama_memory_clear(nint memory, byte data);

    /// <summary>0: this model cannot forget a part of a sequence (recurrent); nothing was changed. Forgetting a whole one never fails.</summary>
    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial byte llama_memory_seq_rm(nint memory, int sequenceId, int start, int end);

    /// <summary>Gives cells of one sequence to another as well. Without a unified cache a partial range aborts the process.</summary>
    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial void llama_memory_seq_cp(nint memory, int source, int target, int start, int end);

    /// <summary>-1 for an empty sequence.</summary>
    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int llama_memory_seq_pos_min(nint memory, int sequenceId);

    /// <summary>-1 for an empty sequence.</summary>
    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int llama_memory_seq_pos_max(nint memory, int sequenceId);

    // ---- state of one sequence as bytes -------------------------------------------------------------------------

    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial nuint llama_state_seq_get_size(ContextHandle context, int sequenceId);

    /// <summary>Bytes written; 0: the space was too small.</summary>
    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial nuint llama_state_seq_get_data(ContextHandle context, byte* target, nuint size, int sequenceId);

    /// <summary>Bytes read; 0: not restored (no cells, or not this context's layout), and the sequence is empty. Bytes must be ones that were saved here.</summary>
    [LibraryImport(Llama), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial nuint llama_state_seq_set_data(ContextHandle context, byte* source, nuint size, int sequenceId);
}
