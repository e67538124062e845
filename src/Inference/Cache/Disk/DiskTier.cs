using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Inference.Cache.Disk;

/// <summary>
/// The disk tier: its books, which decide, and its thread, which reads and writes. Messages go to and fro by <see cref="Exchange"/>. Engine thread only; <see cref="State"/>,
/// <see cref="Counts"/> and <see cref="BudgetLeft"/> any.
/// </summary>
internal sealed class DiskTier : IDisposable
{
    // A disk that gives no sign of life for so long while requests wait for it is as good as none.
    private static readonly TimeSpan ReadPatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ExpiryInterval = TimeSpan.FromHours(1);
    private static readonly TimeSpan BudgetInterval = TimeSpan.FromSeconds(10);

    private readonly DiskTierOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly DiskWorker _worker;
    private WriteBudget? _budget;
    private DateTimeOffset _expireAt;
    private DateTimeOffset _budgetKeptAt;
    private long _numBytesKept;
    private long _readingSince;
    private long _budgetLeft;
    private volatile bool _hasStalled;

    /// <param name="options">Where, and how much.</param>
    /// <param name="fingerprint">Everything but the tokens that changes the numbers.</param>
    /// <param name="time">For budget and expiry.</param>
    /// <param name="logger">For what goes wrong.</param>
    /// <param name="wake">Called on the tier's thread when <see cref="Exchange"/> has something to take.</param>
    public DiskTier(DiskTierOptions options, string fingerprint, TimeProvider time, ILogger logger, Action wake)
    {
        _options = options;
        _time = time;
        _logger = logger;
        Books = new DiskBooks(options.MaxBytes) { Rule = options.Rule, Now = time.GetUtcNow(), WritesLeft = 0 };
        _expireAt = Books.Now + ExpiryInterval;
        _budgetLeft = options.WriteBytesPerDay;
        _worker = new DiskWorker(options, SHA256.HashData(Encoding.UTF8.GetBytes(fingerprint)), time, logger, wake);
    }

    /// <summary>What is there, and what goes there.</summary>
    public DiskBooks Books { get; }

    /// <summary>Whether it serves.</summary>
    public DiskTierState State => _hasStalled ? DiskTierState.Failed : _worker.State;

    /// <summary>What was read, written and dropped.</summary>
    public DiskCounts Counts => _worker.Counts;

    /// <summary>Bytes that may be written now.</summary>
    public long BudgetLeft => Volatile.Read(ref _budgetLeft);

    /// <summary>Waits until the files that were there are known, which takes a second for twenty thousand.</summary>
    public void WaitForScan(TimeSpan patience) => _worker.WaitForScan(patience);

    /// <summary>Tells the books what happened and the disk what to do. Never waits.</summary>
    /// <param name="store">Where spans go that were read.</param>
    public void Exchange(PrefixStore store)
    {
        Books.Now = _time.GetUtcNow();
        while (_worker.TryTake(out var report))
        {
            _readingSince = 0;
            if (Books.Apply(report) is { } span)
            {
                store.Index.Add(span, report.Span!.Header.ConversationLength);
            }
        }

        if (!Books.IsOn)
        {
            Books.Orders.Clear();
            return;
        }

        Pay();
        if (Books.Now >= _expireAt)
        {
            _expireAt = Books.Now + ExpiryInterval;
            Counts.Drop(SpanFault.Expired, Books.Expire());
        }

        GiveUpIfStalled();
        foreach (var order in Books.Orders)
        {
            _worker.Send(order);
        }

        Books.Orders.Clear();
    }

    /// <summary>Writes what is still to be written, and gives the folder up.</summary>
    public void Dispose()
    {
        if (_budget is not null && Books.IsOn)
        {
            _worker.Send(new DiskOrder(DiskOrderKind.KeepBudget, _budget.Save()));
        }

        _worker.Dispose();
    }

    private void Pay()
    {
        if (_budget is null && _worker.State == DiskTierState.On)
        {
            _budget = new WriteBudget(_options.WriteBytesPerDay, Books.Now, _worker.SavedBudget);
        }

        if (_budget is null)
        {
            return;
        }

        foreach (var order in Books.Orders)
        {
            if (order.Kind == DiskOrderKind.Write)
            {
                _budget.Take(order.Span!.NumBytes);
                _numBytesKept += order.Span.NumBytes;
            }
        }

        Books.WritesLeft = _budget.LeftAt(Books.Now);
        Books.IsScarce = Books.WritesLeft < _budget.BytesPerDay / 2;
        Volatile.Write(ref _budgetLeft, Books.WritesLeft);
        if (_numBytesKept > 0 && Books.Now - _budgetKeptAt > BudgetInterval)
        {
            (_budgetKeptAt, _numBytesKept) = (Books.Now, 0);
            Books.Orders.Add(new DiskOrder(DiskOrderKind.KeepBudget, _budget.Save()));
        }
    }

    private void GiveUpIfStalled()
    {
        if (Books.NumReading == 0)
        {
            _readingSince = 0;
        }
        else if (_readingSince == 0)
        {
            _readingSince = _time.GetTimestamp();
        }
        else if (_time.GetElapsedTime(_readingSince) > ReadPatience)
        {
            _hasStalled = true;
            DiskLog.Failed(_logger, "the disk gives no answer");
            Books.TurnOff();
        }
    }
}
