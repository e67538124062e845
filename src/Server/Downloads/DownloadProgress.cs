namespace InferenceServer.Server.Downloads;

/// <summary>How far a download is. Written by its threads, read by whoever shows it.</summary>
internal sealed class DownloadProgress
{
    private long _numDone;
    private long _length;
    private long _numChecked;
    private long _numAtStart;
    private volatile string? _trouble;

    /// <summary>Bytes that are there.</summary>
    public long NumDone => Interlocked.Read(ref _numDone);

    /// <summary>Bytes that were there when this attempt began.</summary>
    public long NumAtStart => Interlocked.Read(ref _numAtStart);

    /// <summary>Why nothing arrives now, and when that changes; null if all is well.</summary>
    public string? Trouble
    {
        get => _trouble;
        set => _trouble = value;
    }

    /// <summary>Bytes that there will be; 0 as long as nobody knows.</summary>
    public long Length => Interlocked.Read(ref _length);

    /// <summary>Bytes whose hash was computed.</summary>
    public long NumChecked => Interlocked.Read(ref _numChecked);

    /// <summary>Begins anew.</summary>
    public void Start(long numDone, long length)
    {
        Interlocked.Exchange(ref _numAtStart, numDone);
        Interlocked.Exchange(ref _numDone, numDone);
        Interlocked.Exchange(ref _length, length);
        Interlocked.Exchange(ref _numChecked, 0);
    }

    /// <summary>Takes bytes that arrived.</summary>
    public void Add(int count) => Interlocked.Add(ref _numDone, count);

    /// <summary>Takes bytes that were checked.</summary>
    public void AddChecked(int count) => Interlocked.Add(ref _numChecked, count);
}
