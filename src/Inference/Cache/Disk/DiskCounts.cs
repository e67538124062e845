namespace InferenceServer.Inference.Cache.Disk;

/// <summary>What the disk did since start. The disk's thread writes, any reads.</summary>
internal sealed class DiskCounts
{
    private readonly long[] _dropped = new long[Enum.GetValues<SpanFault>().Length];
    private long _writtenBytes;
    private long _writtenTokens;
    private long _readBytes;
    private long _writeTicks;
    private long _readTicks;

    /// <summary>Bytes written.</summary>
    public long WrittenBytes => Volatile.Read(ref _writtenBytes);

    /// <summary>Tokens whose KV was written.</summary>
    public long WrittenTokens => Volatile.Read(ref _writtenTokens);

    /// <summary>Bytes read and found sound.</summary>
    public long ReadBytes => Volatile.Read(ref _readBytes);

    /// <summary>Seconds of writing, hashes included.</summary>
    public double WriteSeconds => TimeSpan.FromTicks(Volatile.Read(ref _writeTicks)).TotalSeconds;

    /// <summary>Seconds of reading, hashes included.</summary>
    public double ReadSeconds => TimeSpan.FromTicks(Volatile.Read(ref _readTicks)).TotalSeconds;

    /// <summary>Files dropped for a reason.</summary>
    public long Dropped(SpanFault fault) => Volatile.Read(ref _dropped[(int)fault]);

    /// <summary>A span was written.</summary>
    public void Wrote(long bytes, int tokens, TimeSpan duration)
    {
        Volatile.Write(ref _writtenBytes, _writtenBytes + bytes);
        Volatile.Write(ref _writtenTokens, _writtenTokens + tokens);
        Volatile.Write(ref _writeTicks, _writeTicks + duration.Ticks);
    }

    /// <summary>A span was read.</summary>
    public void Read(long bytes, TimeSpan duration)
    {
        Volatile.Write(ref _readBytes, _readBytes + bytes);
        Volatile.Write(ref _readTicks, _readTicks + duration.Ticks);
    }

    /// <summary>A file was dropped; counted from any thread.</summary>
    public void Drop(SpanFault fault, int count = 1) => Interlocked.Add(ref _dropped[(int)fault], count);
}
