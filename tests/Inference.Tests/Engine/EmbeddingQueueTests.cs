using InferenceServer.Inference.Engine;

namespace InferenceServer.Inference.Tests.Engine;

public sealed class EmbeddingQueueTests
{
    private readonly EmbeddingQueue _queue = new(maxRows: 4);
    private readonly List<EmbeddingRow> _rows = [];

    [Fact]
    public void TakeStep_SeveralJobs_TakesOneInputOfEachInTurn()
    {
        var large = Job(3, 3, 3, 3);
        var small = Job(2);
        _queue.Add(large);
        _queue.Add(small);
        AssertStep((large, 0), (small, 0), (large, 1));
        AssertStep((large, 2), (large, 3));
        Assert.True(_queue.IsEmpty);
    }

    [Fact]
    public void TakeStep_InputOverTheStep_GoesAlone()
    {
        var job = Job(50, 10, 1);
        _queue.Add(job);
        AssertStep((job, 0));
        AssertStep((job, 1));
        AssertStep((job, 2));
        Assert.True(_queue.IsEmpty);
    }

    [Fact]
    public void TakeStep_ManyShortInputs_StopsAtTheMostRows()
    {
        var job = Job(1, 1, 1, 1, 1);
        _queue.Add(job);
        AssertStep((job, 0), (job, 1), (job, 2), (job, 3));
        AssertStep((job, 4));
    }

    [Fact]
    public async Task TakeStep_CancelledJob_IsDropped()
    {
        using var source = new CancellationTokenSource();
        var left = new EmbeddingJob([[1], [1]], source.Token);
        var stays = Job(1);
        _queue.Add(left);
        _queue.Add(stays);
        await source.CancelAsync();
        AssertStep((stays, 0));
        Assert.True(_queue.IsEmpty);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left.Result);
    }

    [Fact]
    public async Task Complete_LastInput_CompletesTheJobInTheOrderOfItsInputs()
    {
        var job = Job(2, 3);
        job.Complete(1, [1f]);
        Assert.False(job.Result.IsCompleted);
        job.Complete(0, [0f]);
        var result = await job.Result;
        Assert.Equal(EmbedStatus.Ok, result.Status);
        Assert.Equal([(0f, 2), (1f, 3)], result.Embeddings.Select(embedding => (embedding.Values.Span[0], embedding.NumTokens)));
    }

    [Fact]
    public async Task End_EveryJob_HasTheStatus()
    {
        var jobs = new[] { Job(1), Job(1) };
        _queue.Add(jobs[0]);
        _queue.Add(jobs[1]);
        _queue.End(EmbedStatus.Unavailable, "over");
        Assert.All(await Task.WhenAll(jobs.Select(job => job.Result)), result => Assert.Equal((EmbedStatus.Unavailable, "over"), (result.Status, result.Failure)));
        Assert.True(_queue.IsEmpty);
    }

    private static EmbeddingJob Job(params int[] lengths) => new([.. lengths.Select(length => new int[length])], CancellationToken.None);

    private void AssertStep(params (EmbeddingJob Job, int Index)[] expected)
    {
        _queue.TakeStep(_rows, maxTokens: 10);
        Assert.Equal(expected, _rows.Select(row => (row.Job, row.Index)));
    }
}
