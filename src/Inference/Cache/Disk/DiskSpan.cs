namespace InferenceServer.Inference.Cache.Disk;

/// <summary>A span whose KV is in a file, or will be. Engine thread only; its names and sizes do not change and may be read by any.</summary>
/// <param name="header">What the file says, or will say.</param>
/// <param name="numBytes">The whole file's.</param>
internal sealed class DiskSpan(SpanHeader header, long numBytes) : PrefixSpan(header.Before, header.Start, header.Tokens)
{
    /// <summary>The file's name without its ending.</summary>
    public string Name { get; } = header.FileName;

    /// <summary>What the file says.</summary>
    public SpanHeader Header => header;

    /// <inheritdoc/>
    public override long NumBytes => numBytes;

    /// <summary>Where it is read to, or, until it is written, what is written; null otherwise. Several that want it get the same.</summary>
    public SavedSpan? InMemory { get; set; }

    /// <summary>When it was used last, to the hour.</summary>
    public DateTimeOffset LastUsed { get; set; }
}
