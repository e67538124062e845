namespace InferenceServer.Inference.Scheduling;

/// <summary>Sequences without cells, in the order they get them: class, then preempted before new, then arrival. Engine thread only.</summary>
internal sealed class WaitingQueue
{
    private readonly List<Sequence> _sequences = [];

    /// <summary>Number of sequences.</summary>
    public int Count => _sequences.Count;

    /// <summary>The sequence at a place in the order.</summary>
    public Sequence this[int index] => _sequences[index];

    /// <summary>Puts a sequence in its place.</summary>
    public void Add(Sequence sequence)
    {
        var index = _sequences.Count;
        while (index > 0 && IsBefore(sequence, _sequences[index - 1]))
        {
            index--;
        }

        _sequences.Insert(index, sequence);
    }

    /// <summary>Takes out the sequence at a place.</summary>
    public void RemoveAt(int index) => _sequences.RemoveAt(index);

    /// <summary>Takes a sequence out; false if it is not here.</summary>
    public bool Remove(Sequence sequence) => _sequences.Remove(sequence);

    private static bool IsBefore(Sequence a, Sequence b)
    {
        if (a.Class != b.Class)
        {
            return a.Class < b.Class;
        }

        var aIsPreempted = a.Status == SequenceStatus.Preempted;
        return aIsPreempted != (b.Status == SequenceStatus.Preempted) ? aIsPreempted : a.Arrival < b.Arrival;
    }
}
