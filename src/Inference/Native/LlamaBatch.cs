namespace InferenceServer.Inference.Native;

/// <summary><c>llama_batch</c> of v0.4.0: borrowed arrays of <see cref="NumTokens"/> elements. Passed by value. <see cref="NativeBatch"/> owns one.</summary>
internal unsafe struct LlamaBatch
{
    public int NumTokens;
    public int* Token;
    public float* Embedding;
    public int* Position;
    public int* NumSequenceIds;
    public int** SequenceId;

    /// <summary>1 for tokens whose logits (or embedding) are wanted.</summary>
    public byte* WantsOutput;
}
