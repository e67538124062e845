namespace InferenceServer.Inference.Cache.Disk;

/// <summary>What the books ask of the disk. Done in order, but reading first.</summary>
/// <param name="Kind">What to do.</param>
/// <param name="Name">The file.</param>
/// <param name="Span">To be written or read; null for the rest.</param>
/// <param name="State">To be written.</param>
internal readonly record struct DiskOrder(DiskOrderKind Kind, string Name, DiskSpan? Span = null, ReadOnlyMemory<byte> State = default);

/// <summary>What can be done to a file.</summary>
internal enum DiskOrderKind
{
    /// <summary>Write a span.</summary>
    Write,

    /// <summary>Read a span.</summary>
    Read,

    /// <summary>Note that a span is used.</summary>
    MarkUsed,

    /// <summary>Delete a file.</summary>
    Delete,

    /// <summary>Keep what is left of the budget; its text is the name.</summary>
    KeepBudget,
}
