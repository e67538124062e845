namespace InferenceServer.Inference.Engine;

/// <summary>
/// Decides what each embedding step computes: one input of every job in turn, so that a search's one query does not wait for a
/// library that is being indexed. Embedding thread only.
/// </summary>
/// <param name="maxRows">Inputs of a step at most.</param>
internal sealed class EmbeddingQueue(int maxRows)
{
    private readonly Queue<EmbeddingJob> _jobs = new();

    /// <summary>True: there is nothing to compute.</summary>
    public bool IsEmpty => _jobs.Count == 0;

    /// <summary>Adds a job behind the others.</summary>
    public void Add(EmbeddingJob job) => _jobs.Enqueue(job);

    /// <summary>Takes the inputs of the next step, in place of what <paramref name="rows"/> held; none if all jobs are cancelled.</summary>
    /// <param name="rows">Filled.</param>
    /// <param name="maxTokens">Tokens of the step. A longer input makes a step of its own.</param>
    public void TakeStep(List<EmbeddingRow> rows, int maxTokens)
    {
        rows.Clear();
        var numTokens = 0;
        while (rows.Count < maxRows && _jobs.TryPeek(out var job))
        {
            if (job.IsCancelled)
            {
                _jobs.Dequeue().Cancel();
                continue;
            }

            if (rows.Count > 0 && numTokens + job.NextLength > maxTokens)
            {
                break;
            }

            _jobs.Dequeue();
            numTokens += job.NextLength;
            rows.Add(job.Take());
            if (job.HasNext)
            {
                _jobs.Enqueue(job);
            }
        }
    }

    /// <summary>Ends all jobs.</summary>
    public void End(EmbedStatus status, string? failure)
    {
        while (_jobs.TryDequeue(out var job))
        {
            job.End(status, failure);
        }
    }
}
