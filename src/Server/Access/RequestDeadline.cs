using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Access;

/// <summary>
/// A request's last moment (<see cref="LimitOptions.RequestTimeoutMs"/>): from then on it is treated like one whose client has left, except that the client is
/// told. One thread at a time, but for <see cref="HasPassed"/>.
/// </summary>
internal sealed class RequestDeadline : IDisposable
{
    private readonly HttpContext _context;
    private readonly CancellationToken _clientGone;
    private readonly CancellationTokenSource _timer;
    private readonly CancellationTokenSource _either;

    private RequestDeadline(HttpContext context, TimeSpan limit, TimeProvider clock)
    {
        _context = context;
        _clientGone = context.RequestAborted;
        _timer = new CancellationTokenSource(limit, clock);
        _either = CancellationTokenSource.CreateLinkedTokenSource(_clientGone, _timer.Token);
        context.RequestAborted = _either.Token;
        context.Features.Set(this);
    }

    /// <summary>True once the time is over.</summary>
    public bool HasPassed => _timer.IsCancellationRequested;

    /// <summary>Begins to count; null if there is no limit.</summary>
    public static RequestDeadline? Begin(HttpContext context, int milliseconds, TimeProvider clock) =>
        milliseconds > 0 ? new RequestDeadline(context, TimeSpan.FromMilliseconds(milliseconds), clock) : null;

    /// <summary>What the client is told.</summary>
    public static RequestError ToError() => RequestError.TimedOut("The request took longer than this server allows.");

    /// <summary>Counts no longer: what the request asked for goes on without it.</summary>
    public void Lift() => _timer.CancelAfter(Timeout.InfiniteTimeSpan);

    /// <inheritdoc/>
    public void Dispose()
    {
        _context.RequestAborted = _clientGone;
        _either.Dispose();
        _timer.Dispose();
    }
}
