using InferenceServer.Inference.Cache.Disk;

namespace InferenceServer.Inference.Cache;

/// <summary>Spans that bring a prefix back, one after the other, from memory or from disk. Holds those in memory whatever becomes of the store. Engine thread only.</summary>
/// <param name="spans">In order, without gaps; at least one.</param>
/// <param name="end">Position after the last token that may be used of the last one.</param>
internal sealed class RestorePlan(List<PrefixSpan> spans, int end)
{
    // What is read before it is its turn: enough to keep an SSD busy beside the copies, little beside a model of such a size.
    private const int MinAhead = 2;
    private const long MaxAheadBytes = 64L << 20;

    private readonly SavedSpan?[] _loaded = new SavedSpan?[spans.Count];
    private int _next;

    /// <summary>Position after the last token that comes back.</summary>
    public int End => end;

    /// <summary>True if nothing is left to bring back.</summary>
    public bool IsDone => _next == spans.Count;

    /// <summary>True if <see cref="Next"/> was on disk when the plan was made.</summary>
    public bool IsNextFromDisk => _next < spans.Count && spans[_next] is DiskSpan;

    /// <summary>Of the tokens from a position on, those that were on disk when the plan was made.</summary>
    public int CountDiskTokens(int from) => spans.Sum(span => span is DiskSpan ? Math.Max(0, Math.Min(span.End, end) - Math.Max(span.Start, from)) : 0);

    /// <summary>The next span, which continues where the one before ended, maybe still being read; null after the last.</summary>
    /// <param name="disk">Reads what is on disk, and some more after it; null if nothing is.</param>
    public SavedSpan? Next(DiskBooks? disk)
    {
        if (IsDone)
        {
            return null;
        }

        var numBytes = 0L;
        for (var i = _next; i < spans.Count && (i < _next + MinAhead || numBytes < MaxAheadBytes); i++)
        {
            _loaded[i] ??= spans[i] as SavedSpan ?? disk!.Load((DiskSpan)spans[i]);
            numBytes += spans[i].NumBytes;
        }

        return _loaded[_next];
    }

    /// <summary>Brings nothing more back.</summary>
    public void Stop() => _next = spans.Count;

    /// <summary>Goes on to the span after <see cref="Next"/>.</summary>
    public void Advance() => _next++;
}
