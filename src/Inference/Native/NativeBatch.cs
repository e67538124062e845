using System.Runtime.InteropServices;

namespace InferenceServer.Inference.Native;

/// <summary>
/// The tokens of one decode call, in memory allocated once and for life; filling it allocates nothing. Engine thread only, apart from the decode call that reads it.
/// </summary>
internal sealed unsafe class NativeBatch : SafeHandle
{
    private readonly int _capacity;
    private LlamaBatch _batch;

    /// <summary>Takes memory for this many tokens.</summary>
    public NativeBatch(int capacity)
        : base(0, ownsHandle: true)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        _capacity = capacity;

        // One block, widest elements first: pointers to sequence ids, four arrays of ints, one of bytes.
        var count = (nuint)capacity;
        var block = (byte*)NativeMemory.Alloc(count, (nuint)(sizeof(int*) + (4 * sizeof(int)) + sizeof(byte)));
        SetHandle((nint)block);
        NativeHandleCount.Add();
        _batch.SequenceId = (int**)block;
        _batch.Token = (int*)(block + (count * (nuint)sizeof(int*)));
        _batch.Position = _batch.Token + capacity;
        _batch.NumSequenceIds = _batch.Position + capacity;
        var sequenceIds = _batch.NumSequenceIds + capacity;
        _batch.WantsOutput = (byte*)(sequenceIds + capacity);
        for (var index = 0; index < capacity; index++)
        {
            _batch.NumSequenceIds[index] = 1;
            _batch.SequenceId[index] = sequenceIds + index;
        }
    }

    public override bool IsInvalid => handle == 0;

    /// <summary>Tokens added since <see cref="Clear"/>.</summary>
    public int NumTokens => _batch.NumTokens;

    /// <summary>What the library takes; its arrays live as long as this object.</summary>
    public LlamaBatch Value => _batch;

    /// <summary>Forgets all tokens.</summary>
    public void Clear() => _batch.NumTokens = 0;

    /// <summary>Appends a token; its index, which names its logits after the decode, is <see cref="NumTokens"/> before the call.</summary>
    public void Add(int token, int position, int sequenceId, bool wantsLogits)
    {
        var index = _batch.NumTokens;
        ObjectDisposedException.ThrowIf(IsClosed, this);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, _capacity);
        _batch.Token[index] = token;
        _batch.Position[index] = position;
        _batch.SequenceId[index][0] = sequenceId;
        _batch.WantsOutput[index] = wantsLogits ? (byte)1 : (byte)0;
        _batch.NumTokens = index + 1;
    }

    protected override bool ReleaseHandle()
    {
        NativeMemory.Free((void*)handle);
        NativeHandleCount.Remove();
        return true;
    }
}
