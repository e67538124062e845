using System.Runtime.InteropServices;

namespace InferenceServer.Inference.Native;

/// <summary>
/// Owns a <c>llama_context</c> and keeps its model alive. Every member is for one thread at a time: the engine's, or the one that it waits for (<see cref="PausableContext"/>).
/// Positions are half-open ranges; a negative end is open.
/// </summary>
internal sealed unsafe class ContextHandle : SafeHandle
{
    private readonly ModelHandle _model;
    private readonly nint _memory;
    private readonly int _vocabularySize;

    // Its own; 0 if the library makes some for every step.
    private readonly nint _threads;

    private ContextHandle(ModelHandle model, nint context, nint threads, int vocabularySize, int numOutputs)
        : base(0, ownsHandle: true)
    {
        _model = model;
        _vocabularySize = vocabularySize;
        SetHandle(context);
        NativeHandleCount.Add();
        _memory = LlamaApi.llama_get_memory(this);
        NumCells = (int)LlamaApi.llama_n_ctx(this);
        NumBatch = (int)LlamaApi.llama_n_batch(this);
        NumUbatch = (int)LlamaApi.llama_n_ubatch(this);
        NumSequences = (int)LlamaApi.llama_n_seq_max(this);
        NumOutputs = numOutputs;
        _threads = threads;
        if (threads != 0)
        {
            LlamaApi.llama_attach_threadpool(this, threads, threads);
        }
    }

    public override bool IsInvalid => handle == 0;

    /// <summary>KV cells: what was asked for, rounded up to 256.</summary>
    public int NumCells { get; }

    /// <summary>Most tokens of one decode call.</summary>
    public int NumBatch { get; }

    /// <summary>Most tokens of one pass over the weights.</summary>
    public int NumUbatch { get; }

    /// <summary>Most tokens of one decode call that may want logits.</summary>
    public int NumOutputs { get; }

    /// <summary>Sequence ids from 0 that may be used.</summary>
    public int NumSequences { get; }

    /// <summary>A context of a model, or null if the library could not make one (normally: not enough memory): its log says why.</summary>
    public static ContextHandle? Create(ModelHandle model, ContextSettings settings) => Create(model, settings, null, null);

    /// <summary>As <see cref="Create(ModelHandle, ContextSettings)"/>, with a callback between operations.</summary>
    /// <param name="model">The model.</param>
    /// <param name="settings">How to make it.</param>
    /// <param name="evalCallback">Asked by the library for every operation (second argument 1) and told behind those it said 1 to (0); null for none.</param>
    /// <param name="evalCallbackData">Its last argument.</param>
    public static ContextHandle? Create(
        ModelHandle model, ContextSettings settings, delegate* unmanaged[Cdecl]<void*, byte, void*, byte> evalCallback, void* evalCallbackData)
    {
        var parameters = LlamaApi.llama_context_default_params();
        parameters.NumCells = (uint)settings.NumCells;
        parameters.NumBatch = (uint)settings.MaxBatchTokens;
        parameters.NumUbatch = (uint)settings.MaxBatchTokens;
        parameters.NumSequences = (uint)settings.MaxSequences;
        parameters.NumOutputs = (uint)settings.NumOutputs;
        parameters.NumThreads = settings.Threads;
        parameters.NumThreadsBatch = settings.Threads;
        parameters.FlashAttention = LlamaFlashAttention.Enabled;
        if (settings.Pooling is { } pooling)
        {
            parameters.PoolingType = pooling;
            parameters.Embeddings = 1;

            // Encoders have head sizes that some devices have no kernel for.
            parameters.FlashAttention = LlamaFlashAttention.Auto;
        }

        parameters.TypeK = ToGgml(settings.KvCacheType);
        parameters.TypeV = parameters.TypeK;
        parameters.SwaFull = 1;
        parameters.KvUnified = 1;
        parameters.NoPerf = 1;
        parameters.EvalCallback = evalCallback;
        parameters.EvalCallbackUserData = evalCallbackData;

        var held = false;
        model.DangerousAddRef(ref held);
        var context = LlamaApi.llama_init_from_model(model, parameters);
        if (context == 0)
        {
            model.DangerousRelease();
            return null;
        }

        var threads = settings.KeepsThreads ? ComputeThreads.Create(settings.Threads) : 0;
        return new ContextHandle(model, context, threads, LlamaApi.llama_vocab_n_tokens(LlamaApi.llama_model_get_vocab(model)), (int)parameters.NumOutputs);
    }

    /// <summary>Computes a batch of at most <see cref="NumBatch"/> tokens.</summary>
    public DecodeStatus Decode(NativeBatch batch)
    {
        // The library asserts, and takes the process with it.
        ArgumentOutOfRangeException.ThrowIfZero(batch.NumTokens);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(batch.NumTokens, NumBatch);
        return ToStatus(LlamaApi.llama_decode(this, batch.Value));
    }

    /// <summary>Computes a batch of whole sequences of at most <see cref="NumUbatch"/> tokens with a model that has an encoder and no decoder.</summary>
    public DecodeStatus Encode(NativeBatch batch)
    {
        // The library asserts, and takes the process with it.
        ArgumentOutOfRangeException.ThrowIfZero(batch.NumTokens);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(batch.NumTokens, NumUbatch);
        return ToStatus(LlamaApi.llama_encode(this, batch.Value));
    }

    /// <summary>A copy of the pooled output of a sequence of the last batch. Waits for the device.</summary>
    /// <param name="sequenceId">One that the batch held.</param>
    /// <param name="length">Numbers that the model's output has.</param>
    public float[] GetPooled(int sequenceId, int length)
    {
        var pooled = LlamaApi.llama_get_embeddings_seq(this, sequenceId);
        return pooled != null
            ? new ReadOnlySpan<float>(pooled, length).ToArray()
            : throw new InvalidOperationException($"Sequence {sequenceId} of the last batch has no pooled output.");
    }

    /// <summary>Logits of the token at an index of the last batch, which must have wanted them; valid until the next decode.</summary>
    public ReadOnlySpan<float> GetLogits(int batchIndex)
    {
        var logits = LlamaApi.llama_get_logits_ith(this, batchIndex);
        return logits != null
            ? new ReadOnlySpan<float>(logits, _vocabularySize)
            : throw new InvalidOperationException($"Token {batchIndex} of the last batch has no logits.");
    }

    /// <summary>Gives cells of one sequence to another as well; copies no data.</summary>
    public void SequenceCopy(int source, int target, int start, int end) => LlamaApi.llama_memory_seq_cp(_memory, source, target, start, end);

    /// <summary>Takes cells from a sequence. False: this model cannot forget a part of a sequence, and nothing was changed.</summary>
    public bool SequenceRemove(int sequenceId, int start, int end) => LlamaApi.llama_memory_seq_rm(_memory, sequenceId, start, end) != 0;

    /// <summary>First position that a sequence has; -1 if it is empty.</summary>
    public int PositionMin(int sequenceId) => LlamaApi.llama_memory_seq_pos_min(_memory, sequenceId);

    /// <summary>Last position that a sequence has; -1 if it is empty.</summary>
    public int PositionMax(int sequenceId) => LlamaApi.llama_memory_seq_pos_max(_memory, sequenceId);

    /// <summary>Forgets every sequence; nothing for a model without memory.</summary>
    public void Clear() => LlamaApi.llama_memory_clear(_memory, data: 0);

    /// <summary>Bytes that <see cref="SaveSequence"/> needs.</summary>
    public long SequenceStateSize(int sequenceId) => (long)LlamaApi.llama_state_seq_get_size(this, sequenceId);

    /// <summary>Writes a sequence's cells; returns the bytes written, 0 if they did not fit.</summary>
    public int SaveSequence(int sequenceId, Span<byte> target)
    {
        fixed (byte* bytes = target)
        {
            return (int)LlamaApi.llama_state_seq_get_data(this, bytes, (nuint)target.Length, sequenceId);
        }
    }

    /// <summary>Writes some positions of a sequence, by way of an id that is nobody's; returns the bytes written, 0 if the device could not.</summary>
    /// <param name="sequenceId">Whose.</param>
    /// <param name="scratchId">Empty before and after.</param>
    /// <param name="start">First position.</param>
    /// <param name="end">Position after the last.</param>
    /// <param name="target">Replaced by one that is just long enough if it is too short.</param>
    public int SavePart(int sequenceId, int scratchId, int start, int end, ref byte[] target)
    {
        SequenceCopy(sequenceId, scratchId, start, end);
        var size = (int)SequenceStateSize(scratchId);
        if (target.Length < size)
        {
            target = GC.AllocateUninitializedArray<byte>(size);
        }

        var length = SaveSequence(scratchId, target.AsSpan(0, size));
        SequenceRemove(scratchId, -1, -1);
        return length == size ? length : 0;
    }

    /// <summary>
    /// Replaces a sequence by saved cells. False: no cells, and the sequence is empty. The bytes must be ones that
    /// <see cref="SaveSequence"/> wrote for the same model and settings: others can take the process down.
    /// </summary>
    public bool RestoreSequence(int sequenceId, ReadOnlySpan<byte> source)
    {
        fixed (byte* bytes = source)
        {
            return LlamaApi.llama_state_seq_set_data(this, bytes, (nuint)source.Length, sequenceId) != 0;
        }
    }

    /// <summary>Waits until the device has computed what was handed to it; reading logits does so too.</summary>
    public void Synchronize() => LlamaApi.llama_synchronize(this);

    protected override bool ReleaseHandle()
    {
        LlamaApi.llama_free(handle);
        ComputeThreads.Free(_threads);
        NativeHandleCount.Remove();
        _model.DangerousRelease();
        return true;
    }

    private static DecodeStatus ToStatus(int result) => result switch
    {
        0 => DecodeStatus.Ok,
        1 => DecodeStatus.NoCells,
        2 => DecodeStatus.Aborted,
        -1 => DecodeStatus.InvalidBatch,
        _ => DecodeStatus.Failed,
    };

    private static GgmlType ToGgml(KvCacheType type) => type switch
    {
        KvCacheType.F16 => GgmlType.F16,
        KvCacheType.BF16 => GgmlType.BF16,
        KvCacheType.Q8_0 => GgmlType.Q8_0,
        KvCacheType.Q4_0 => GgmlType.Q4_0,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, null),
    };
}
