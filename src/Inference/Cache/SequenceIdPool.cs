namespace InferenceServer.Inference.Cache;

/// <summary>The library's sequence ids 0 to count-1, lowest free first. Engine thread only.</summary>
internal sealed class SequenceIdPool
{
    private readonly PriorityQueue<int, int> _free;

    /// <summary>All ids free.</summary>
    public SequenceIdPool(int count)
    {
        Count = count;
        _free = new PriorityQueue<int, int>(count);
        for (var id = 0; id < count; id++)
        {
            _free.Enqueue(id, id);
        }
    }

    /// <summary>All ids.</summary>
    public int Count { get; }

    /// <summary>Ids that nobody holds.</summary>
    public int NumFree => _free.Count;

    /// <summary>Takes an id; the pool is not empty.</summary>
    public int Rent() => _free.Dequeue();

    /// <summary>Gives an id back, after its cells were removed.</summary>
    public void Return(int id) => _free.Enqueue(id, id);
}
