namespace InferenceServer.Inference.Sampling;

/// <summary>
/// Buffers of <see cref="Sampler.Pick"/>, kept from pick to pick so that none of them allocates. One per thread that
/// samples; their content means nothing between two picks. Grows to the largest vocabulary seen.
/// </summary>
internal sealed class SamplerScratch
{
    /// <summary>
    /// Logits per block: small enough that the blocks which hold a threshold's few survivors are a small part of the
    /// row, large enough that a block's maximum costs little more than reading it.
    /// </summary>
    public const int BlockLength = 128;

    private float[] _row = [];
    private float[] _weights = [];
    private float[] _blockMaxima = [];
    private double[] _blockSums = [];
    private Candidate[] _candidates = [];
    private Candidate[] _selection = [];

    /// <summary>A copy of the row with changed logits.</summary>
    public Span<float> Row(int length) => Take(ref _row, length);

    /// <summary>A weight per logit.</summary>
    public Span<float> Weights(int length) => Take(ref _weights, length);

    /// <summary>The largest logit of each block.</summary>
    public Span<float> BlockMaxima(int rowLength) => Take(ref _blockMaxima, NumBlocks(rowLength));

    /// <summary>The sum of each block's weights.</summary>
    public Span<double> BlockSums(int rowLength) => Take(ref _blockSums, NumBlocks(rowLength));

    /// <summary>Survivors of a threshold, in the order of their ids.</summary>
    public Span<Candidate> Candidates(int length) => Take(ref _candidates, length);

    /// <summary>A copy of candidates that a selection may reorder.</summary>
    public Span<Candidate> Selection(int length) => Take(ref _selection, length);

    private static int NumBlocks(int rowLength) => (rowLength + BlockLength - 1) / BlockLength;

    private static Span<T> Take<T>(ref T[] buffer, int length)
    {
        if (buffer.Length < length)
        {
            buffer = new T[length];
        }

        return buffer.AsSpan(0, length);
    }
}
