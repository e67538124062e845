namespace InferenceServer.Inference.Cache.Disk;

/// <summary>
/// Which spans are on disk, and which go there. Decides only: what is to be done to files stands in <see cref="Orders"/>, what became of it comes back by <see cref="Apply"/>.
/// No file, no clock. Engine thread only.
/// </summary>
/// <param name="maxBytes">Room for all files.</param>
internal sealed class DiskBooks(long maxBytes)
{
    /// <summary>Spans that nobody used for so long are deleted.</summary>
    public static readonly TimeSpan Expiry = TimeSpan.FromDays(7);

    // How fine the time of use is kept.
    private static readonly TimeSpan UseGrain = TimeSpan.FromHours(1);

    // What waits to be written stays in memory: a second of an SSD.
    private const long MaxPendingBytes = 512L << 20;

    private readonly Queue<ForeignFile> _foreign = [];
    private readonly Dictionary<DiskSpan, SavedSpan> _reading = [];
    private PrefixIndex<DiskSpan>? _index;
    private long _numForeignBytes;
    private long _numPendingBytes;
    private long _numEvictedBeforeOff;

    /// <summary>What is worth writing.</summary>
    public WriteRule Rule { get; init; } = new();

    /// <summary>False once the disk said that it cannot go on.</summary>
    public bool IsOn { get; private set; } = true;

    /// <summary>The spans; null if none may be used any more.</summary>
    public PrefixIndex<DiskSpan>? Index => IsOn ? _index ??= new PrefixIndex<DiskSpan>(maxBytes) { Dropped = Delete } : null;

    /// <summary>To be done; whoever does it clears the list.</summary>
    public List<DiskOrder> Orders { get; } = [];

    /// <summary>The time, set from outside.</summary>
    public DateTimeOffset Now { get; set; }

    /// <summary>Bytes that may be written now; set from outside, and smaller by each that is to be written.</summary>
    public long WritesLeft { get; set; } = long.MaxValue;

    /// <summary>True if what is left should go to what was asked for again; set from outside.</summary>
    public bool IsScarce { get; set; }

    /// <summary>Spans that are being read.</summary>
    public int NumReading => _reading.Count;

    /// <summary>Bytes of all files, other models' included.</summary>
    public long NumBytes => (_index?.NumBytes ?? 0) + _numForeignBytes;

    /// <summary>Tokens of this model's files.</summary>
    public long NumTokens => _index?.NumTokens ?? 0;

    /// <summary>Tokens that gave way to others since start.</summary>
    public long NumEvictedTokens => _index?.NumEvictedTokens ?? _numEvictedBeforeOff;

    /// <summary>Spans that were worth writing and were not, since start, because the budget was used up.</summary>
    public long NumOverBudget { get; private set; }

    /// <summary>
    /// A conversation has left a span behind, in memory. If the disk has it, it counts as used; else it is written if <paramref name="isWorth"/>, if there is budget and if the disk
    /// keeps up. False: it is not there, and what follows it would be of no use there.
    /// </summary>
    /// <param name="span">The span.</param>
    /// <param name="length">Tokens of the conversation.</param>
    /// <param name="isWorth">The rule of <see cref="WriteRule"/>.</param>
    public bool Offer(SavedSpan span, int length, bool isWorth)
    {
        if (Index is not { } index)
        {
            return false;
        }

        if (index.Touch(span.Before, span.Tokens, length) is { } known)
        {
            MarkUsed(known);
            return true;
        }

        var numBytes = SpanFile.FileBytes(span.Tokens.Length, span.State.Length);
        if (!isWorth || _numPendingBytes + numBytes > MaxPendingBytes)
        {
            return false;
        }

        if (numBytes > WritesLeft)
        {
            NumOverBudget++;
            return false;
        }

        var written = new DiskSpan(new SpanHeader(span.Before, span.Start, span.TokenMemory, length), numBytes) { InMemory = span, LastUsed = Now };
        TakeForeignRoom(numBytes);
        index.Add(written, length);
        if (!written.IsStored)
        {
            return false;
        }

        WritesLeft -= numBytes;
        _numPendingBytes += numBytes;
        Orders.Add(new DiskOrder(DiskOrderKind.Write, written.Name, written, span.State));
        return true;
    }

    /// <summary>True if the disk has, or will have, the tokens after a prefix, which count as used.</summary>
    public bool Touch(PrefixName before, ReadOnlySpan<int> tokens, int length)
    {
        if (Index?.Touch(before, tokens, length) is not { } known)
        {
            return false;
        }

        MarkUsed(known);
        return true;
    }

    /// <summary>Has a span read, unless it is in memory or being read already.</summary>
    public SavedSpan Load(DiskSpan span)
    {
        if (span.InMemory is { } there)
        {
            return there;
        }

        var target = new SavedSpan(span);
        if (!IsOn || !span.IsStored)
        {
            target.Complete(null);
            return target;
        }

        span.InMemory = target;
        _reading.Add(span, target);
        Orders.Add(new DiskOrder(DiskOrderKind.Read, span.Name, span));
        MarkUsed(span);
        return target;
    }

    /// <summary>Takes in what happened. Returns the span that is in memory from now on, if one is.</summary>
    public SavedSpan? Apply(in DiskReport report)
    {
        switch (report.Kind)
        {
            case DiskReportKind.Found:
                Found(report.Span!);
                return null;
            case DiskReportKind.FoundForeign:
                _foreign.Enqueue(report.Foreign!);
                _numForeignBytes += report.Foreign!.NumBytes;
                TakeForeignRoom(0);
                return null;
            case DiskReportKind.Written:
                _numPendingBytes -= report.Span!.NumBytes;
                report.Span.InMemory = null;
                return null;
            case DiskReportKind.Read:
                return WasRead(report.Span!, report.State);
            default:
                TurnOff();
                return null;
        }
    }

    /// <summary>Nothing is on disk any more, as far as we are concerned; what is awaited has failed.</summary>
    public void TurnOff()
    {
        IsOn = false;
        foreach (var (span, target) in _reading)
        {
            span.InMemory = null;
            target.Complete(null);
        }

        _reading.Clear();
        Orders.Clear();
        _numEvictedBeforeOff = NumEvictedTokens;
        _index = null;
        _numPendingBytes = 0;
        _numForeignBytes = 0;
        _foreign.Clear();
    }

    /// <summary>Deletes what nobody used for long; returns how many files.</summary>
    public int Expire()
    {
        var old = new List<DiskSpan>();
        Index?.ForEach(span =>
        {
            if (Now - span.LastUsed > Expiry)
            {
                old.Add(span);
            }
        });
        old.ForEach(span => Index!.Remove(span));
        var count = old.Count;
        for (; _foreign.TryPeek(out var file) && Now - file.LastUsed > Expiry; count++)
        {
            DropForeign();
        }

        return count;
    }

    private void Found(DiskSpan span)
    {
        if (Index is not { } index)
        {
            return;
        }

        if (index.FindLongest(span.Before, span.Tokens, out var common) is { } known && common == span.Tokens.Length)
        {
            if (known.Name != span.Name)
            {
                Orders.Add(new DiskOrder(DiskOrderKind.Delete, span.Name)); // a shorter one that a kill left beside the longer
            }

            return;
        }

        // Recency survives a restart as the share of its worth that is left.
        span.NumUses = 2;
        var share = 1 - Math.Clamp((Now - span.LastUsed) / Expiry, 0, 1);
        TakeForeignRoom(span.NumBytes);
        index.Add(span, (int)(span.Header.ConversationLength * share));
    }

    private SavedSpan? WasRead(DiskSpan span, byte[]? state)
    {
        if (!_reading.Remove(span, out var target))
        {
            return null; // given up before
        }

        span.InMemory = null;
        target.Complete(state);
        target.NumUses = span.NumUses;
        if (state is null && span.IsStored)
        {
            Index?.Remove(span);
        }

        return state is null ? null : target;
    }

    private void MarkUsed(DiskSpan span)
    {
        if (Now - span.LastUsed > UseGrain)
        {
            span.LastUsed = Now;
            Orders.Add(new DiskOrder(DiskOrderKind.MarkUsed, span.Name));
        }
    }

    private void Delete(DiskSpan span) => Orders.Add(new DiskOrder(DiskOrderKind.Delete, span.Name));

    private void TakeForeignRoom(long numBytes)
    {
        while (_foreign.Count > 0 && NumBytes + numBytes > maxBytes)
        {
            DropForeign();
        }
    }

    private void DropForeign()
    {
        var file = _foreign.Dequeue();
        _numForeignBytes -= file.NumBytes;
        Orders.Add(new DiskOrder(DiskOrderKind.Delete, file.Name));
    }
}
