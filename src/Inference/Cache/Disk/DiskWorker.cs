using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Inference.Cache.Disk;

/// <summary>
/// The thread that touches the files: does the books' orders and reports. Reading goes before all else, since a request waits for it. Whatever a file holds, it ends as a report;
/// a disk that cannot go on ends the thread with <see cref="DiskReportKind.Off"/>. Public members: any thread.
/// </summary>
internal sealed class DiskWorker : IDisposable
{
    // At a stop: what is still to be written may take so long, as the service's manager is patient for longer.
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(5);

    private readonly DiskTierOptions _options;
    private readonly byte[] _fingerprint;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Action _wake;
    private readonly Lock _gate = new();
    private readonly Queue<DiskOrder> _reads = [];
    private readonly Queue<DiskOrder> _others = [];
    private readonly SemaphoreSlim _work = new(0);
    private readonly ConcurrentQueue<DiskReport> _reports = new();
    private readonly ManualResetEventSlim _scanned = new();
    private readonly Thread _thread;
    private bool _hasEnded;
    private volatile bool _isStopping;
    private volatile DiskTierState _state = DiskTierState.Starting;

    /// <param name="options">Where, and how much.</param>
    /// <param name="fingerprint">Hash of everything but the tokens that changes the numbers.</param>
    /// <param name="time">For expiry.</param>
    /// <param name="logger">For what is dropped, and for why it ends.</param>
    /// <param name="wake">Called on the worker's thread when there is a report that somebody may wait for.</param>
    public DiskWorker(DiskTierOptions options, byte[] fingerprint, TimeProvider time, ILogger logger, Action wake)
    {
        _options = options;
        _fingerprint = fingerprint;
        _time = time;
        _logger = logger;
        _wake = wake;
        _thread = new Thread(Main) { Name = "prefix-disk", IsBackground = true };
        _thread.Start();
    }

    /// <summary>Whether it serves.</summary>
    public DiskTierState State => _state;

    /// <summary>What it did.</summary>
    public DiskCounts Counts { get; } = new();

    /// <summary>What the folder says of the budget; null until the scan, or if it says nothing.</summary>
    public string? SavedBudget { get; private set; }

    /// <summary>True once the files that were there have been reported, or nothing will be.</summary>
    public bool WaitForScan(TimeSpan patience) => _scanned.Wait(patience);

    /// <summary>Has an order done; one to a tier that does not serve is dropped, with the KV in it.</summary>
    public void Send(DiskOrder order)
    {
        lock (_gate)
        {
            if (_hasEnded)
            {
                return;
            }

            (order.Kind == DiskOrderKind.Read ? _reads : _others).Enqueue(order);
        }

        _work.Release();
    }

    /// <summary>Takes the next report, if there is one.</summary>
    public bool TryTake(out DiskReport report) => _reports.TryDequeue(out report);

    /// <summary>Writes what is still to be written, if that takes no longer than a few seconds, and gives the folder up.</summary>
    public void Dispose()
    {
        _isStopping = true;
        _work.Release();
        if (_thread.Join(Farewell))
        {
            _work.Dispose();
            _scanned.Dispose();
        }
    }

    private void Main()
    {
        try
        {
            using var folder = CacheFolder.Open(_options.Path);
            if (folder is null)
            {
                DiskLog.Taken(_logger, CacheFolder.PathIn(_options.Path));
                _state = DiskTierState.Taken;
                Report(new DiskReport(DiskReportKind.Off));
                return;
            }

            SavedBudget = folder.ReadBudget();
            folder.DeleteHalfWritten();
            Scan(folder);
            _state = DiskTierState.On;
            _scanned.Set();
            while (Next() is { } order)
            {
                Do(folder, order);
            }
        }
#pragma warning disable CA1031 // the last frame of the thread: prefixes on disk are never worth a process
        catch (Exception exception)
#pragma warning restore CA1031
        {
            DiskLog.Failed(_logger, exception.Message);
            _state = DiskTierState.Failed;
            Report(new DiskReport(DiskReportKind.Off));
        }
        finally
        {
            lock (_gate)
            {
                _hasEnded = true;
                _reads.Clear();
                _others.Clear();
            }

            _scanned.Set();
        }
    }

    // Null at the end.
    private DiskOrder? Next()
    {
        while (true)
        {
            _work.Wait();
            lock (_gate)
            {
                if (_reads.TryDequeue(out var order) || _others.TryDequeue(out order))
                {
                    return order;
                }
            }

            if (_isStopping)
            {
                return null;
            }
        }
    }

    private void Scan(CacheFolder folder)
    {
        var (numFound, numForeign, numDropped) = (0, 0, 0);
        var head = new byte[SpanFile.MaxHeadBytes];
        foreach (var name in folder.List())
        {
            if (_isStopping)
            {
                return;
            }

            var lastUsed = new DateTimeOffset(folder.LastUsed(name), TimeSpan.Zero);
            var fault = ReadHead(folder, name, head, out var header, out var numBytes);
            fault = fault is SpanFault.None or SpanFault.Foreign && _time.GetUtcNow() - lastUsed > DiskBooks.Expiry ? SpanFault.Expired : fault;
            switch (fault)
            {
                case SpanFault.None:
                    numFound++;
                    _reports.Enqueue(new DiskReport(DiskReportKind.Found, new DiskSpan(header!, numBytes) { LastUsed = lastUsed }));
                    break;
                case SpanFault.Foreign:
                    numForeign++;
                    Counts.Drop(SpanFault.Foreign);
                    _reports.Enqueue(new DiskReport(DiskReportKind.FoundForeign, Foreign: new ForeignFile(name, numBytes, lastUsed)));
                    break;
                default:
                    numDropped++;
                    Drop(folder, name, fault);
                    break;
            }
        }

        DiskLog.Scanned(_logger, folder.Path, numFound, numForeign, numDropped);
    }

    private SpanFault ReadHead(CacheFolder folder, string name, byte[] head, out SpanHeader? header, out long numBytes)
    {
        (header, numBytes) = (null, 0);
        try
        {
            using var file = folder.OpenRead(name);
            numBytes = file.Length;
            var count = file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
            return SpanFile.ReadHead(head.AsSpan(0, count), numBytes, name, _fingerprint, out header);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return SpanFault.Unreadable;
        }
    }

    private void Do(CacheFolder folder, in DiskOrder order)
    {
        switch (order.Kind)
        {
            case DiskOrderKind.Read:
                Read(folder, order.Span!);
                break;
            case DiskOrderKind.Write:
                Write(folder, order.Span!, order.State.Span);
                break;
            case DiskOrderKind.MarkUsed:
                folder.MarkUsed(order.Name, _time.GetUtcNow().UtcDateTime);
                break;
            case DiskOrderKind.Delete:
                folder.Delete(order.Name);
                break;
            default:
                folder.WriteBudget(order.Name);
                break;
        }
    }

    private void Write(CacheFolder folder, DiskSpan span, ReadOnlySpan<byte> state)
    {
        var start = Stopwatch.GetTimestamp();
        folder.Write(span.Name, SpanFile.EncodeHead(span.Header, _fingerprint, state), state);
        Counts.Wrote(span.NumBytes, span.Tokens.Length, Stopwatch.GetElapsedTime(start));
        Report(new DiskReport(DiskReportKind.Written, span));
    }

    private void Read(CacheFolder folder, DiskSpan span)
    {
        var start = Stopwatch.GetTimestamp();
        var fault = ReadWhole(folder, span, out var state);
        if (fault == SpanFault.None)
        {
            Counts.Read(span.NumBytes, Stopwatch.GetElapsedTime(start));
        }
        else
        {
            state = null;
            DiskLog.Dropped(_logger, fault);
            Drop(folder, span.Name, fault);
        }

        Report(new DiskReport(DiskReportKind.Read, span, state));
    }

    private SpanFault ReadWhole(CacheFolder folder, DiskSpan span, out byte[]? state)
    {
        state = null;
        try
        {
            byte[] bytes;
            using (var file = folder.OpenRead(span.Name))
            {
                if (file.Length != span.NumBytes)
                {
                    return SpanFault.Truncated;
                }

                bytes = GC.AllocateUninitializedArray<byte>((int)file.Length);
                file.ReadExactly(bytes);
            }

            var fault = SpanFile.ReadHead(bytes, bytes.Length, span.Name, _fingerprint, out _);
            if (fault == SpanFault.None)
            {
                state = SpanFile.ReadState(bytes);
                fault = state is null ? SpanFault.Corrupt : SpanFault.None;
            }

            return fault;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return SpanFault.Unreadable;
        }
    }

    private void Drop(CacheFolder folder, string name, SpanFault fault)
    {
        Counts.Drop(fault);
        try
        {
            folder.Delete(name);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            DiskLog.Dropped(_logger, SpanFault.Unreadable);
        }
    }

    private void Report(in DiskReport report)
    {
        _reports.Enqueue(report);
        if (!_isStopping)
        {
            _wake();
        }
    }
}
