namespace InferenceServer.Inference.Cache;

/// <summary>What the books ask of the library's KV memory. Applied in order, before the next step runs.</summary>
/// <param name="Kind">Copy or remove.</param>
/// <param name="Source">Sequence id that is read (copy) or shortened (remove).</param>
/// <param name="Target">Sequence id that gains the range (copy); -1 for a removal.</param>
/// <param name="Start">First position.</param>
/// <param name="End">Position after the last.</param>
internal readonly record struct CacheOperation(CacheOperationKind Kind, int Source, int Target, int Start, int End)
{
    /// <summary>Lets <paramref name="target"/> share the cells of <paramref name="source"/>; metadata only.</summary>
    public static CacheOperation Copy(int source, int target, int start, int end) => new(CacheOperationKind.Copy, source, target, start, end);

    /// <summary>Takes a range away from a sequence id; cells that no other id shares become free.</summary>
    public static CacheOperation Remove(int source, int start, int end) => new(CacheOperationKind.Remove, source, -1, start, end);
}

/// <summary>The two verbs of the library's KV memory that the books need.</summary>
internal enum CacheOperationKind
{
    /// <summary>Share a range of one sequence id with another.</summary>
    Copy,

    /// <summary>Take a range from a sequence id.</summary>
    Remove,
}
