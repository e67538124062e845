namespace InferenceServer.Inference.Cache.Disk;

/// <summary>What the disk says to the books.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Span">What was found, written or read; null for the rest.</param>
/// <param name="State">What was read; null if it could not be.</param>
/// <param name="Foreign">A file of another model; null for the rest.</param>
internal readonly record struct DiskReport(DiskReportKind Kind, DiskSpan? Span = null, byte[]? State = null, ForeignFile? Foreign = null);

/// <summary>What can happen.</summary>
internal enum DiskReportKind
{
    /// <summary>A sound file was there at the start.</summary>
    Found,

    /// <summary>A sound file of another model was there at the start.</summary>
    FoundForeign,

    /// <summary>A span was written.</summary>
    Written,

    /// <summary>A span was read, or could not be.</summary>
    Read,

    /// <summary>Nothing is read or written any more.</summary>
    Off,
}

/// <summary>A file of another model: it has a claim to its room as long as nobody else needs it.</summary>
/// <param name="Name">Without its ending.</param>
/// <param name="NumBytes">Its length.</param>
/// <param name="LastUsed">When it was used last.</param>
internal sealed record ForeignFile(string Name, long NumBytes, DateTimeOffset LastUsed);
