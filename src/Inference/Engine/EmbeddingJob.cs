namespace InferenceServer.Inference.Engine;

/// <summary>One embedding request on its way: its tokens, then its vectors. The embedding thread works on it; only the completion is shared.</summary>
internal sealed class EmbeddingJob(int[][] inputs, CancellationToken cancellationToken)
{
    private readonly Embedding[] _embeddings = new Embedding[inputs.Length];
    private readonly TaskCompletionSource<EmbedResult> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _next;
    private int _numDone;

    /// <summary>The result. Runs nobody's code on the embedding thread.</summary>
    public Task<EmbedResult> Result => _completion.Task;

    /// <summary>True: nobody waits for the result any more.</summary>
    public bool IsCancelled => cancellationToken.IsCancellationRequested;

    /// <summary>True: an input has not been taken yet.</summary>
    public bool HasNext => _next < inputs.Length;

    /// <summary>Tokens of the next input.</summary>
    public int NextLength => inputs[_next].Length;

    /// <summary>Takes the next input.</summary>
    public EmbeddingRow Take()
    {
        var index = _next++;
        return new EmbeddingRow(this, index, inputs[index]);
    }

    /// <summary>Puts in the vector of an input; the last one completes the job.</summary>
    public void Complete(int index, float[] values)
    {
        _embeddings[index] = new Embedding(values, inputs[index].Length);
        if (++_numDone == inputs.Length)
        {
            _completion.TrySetResult(new EmbedResult { Status = EmbedStatus.Ok, Embeddings = [.. _embeddings] });
        }
    }

    /// <summary>Ends the job without vectors.</summary>
    public void End(EmbedStatus status, string? failure) => _completion.TrySetResult(new EmbedResult { Status = status, Failure = failure });

    /// <summary>Ends a job that nobody waits for.</summary>
    public void Cancel() => _completion.TrySetCanceled(cancellationToken);
}

/// <summary>One input of a step.</summary>
/// <param name="Job">Whose.</param>
/// <param name="Index">Which of the job's.</param>
/// <param name="Tokens">At least one.</param>
internal readonly record struct EmbeddingRow(EmbeddingJob Job, int Index, int[] Tokens);
