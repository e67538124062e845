using InferenceServer.Inference.Scheduling;
using InferenceServer.Server.Hosting;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Access;

/// <summary>
/// What the owner of a key may have and has used; or, where no key is needed, everybody together. Lives as long as the process, whatever
/// becomes of the key. Any thread.
/// </summary>
/// <param name="name">The key's.</param>
/// <param name="clock">For what flows in, and for the day.</param>
internal sealed class ClientAccount(string name, TimeProvider clock)
{
    private readonly Lock _lock = new();
    private volatile AdmissionGate _gate = new(int.MaxValue);
    private ClientLimits _limits = new();
    private RequestClass? _class;
    private Allowance? _requests;
    private Allowance? _tokens;
    private DateOnly _day = Today(clock);
    private long _usedToday;

    /// <summary>The name of those who need no key; no key file can have it.</summary>
    public const string NameOfEverybody = "*";

    /// <summary>The key's name.</summary>
    public string Name => name;

    /// <summary>True: no key was needed.</summary>
    public bool IsEverybody => name == NameOfEverybody;

    /// <summary>True if there is a quota of tokens a day.</summary>
    public bool HasQuota
    {
        get
        {
            lock (_lock)
            {
                return _limits.TokensPerDay > 0;
            }
        }
    }

    /// <summary>Tokens used today.</summary>
    public long UsedToday
    {
        get
        {
            lock (_lock)
            {
                TurnDay();
                return _usedToday;
            }
        }
    }

    /// <summary>Takes over what a key says. What is not changed goes on as it is.</summary>
    public void Set(ClientLimits limits, RequestClass? highest)
    {
        lock (_lock)
        {
            if (limits.RequestsPerMinute != _limits.RequestsPerMinute)
            {
                _requests = limits.RequestsPerMinute is > 0 and var perMinute ? new Allowance(perMinute, clock) : null;
            }

            if (limits.TokensPerMinute != _limits.TokensPerMinute)
            {
                _tokens = limits.TokensPerMinute is > 0 and var perMinute ? new Allowance(perMinute, clock) : null;
            }

            if (limits.Concurrency != _limits.Concurrency)
            {
                // What is under way gives its places back to the old one.
                _gate = new AdmissionGate(limits.Concurrency is > 0 and var places ? places : int.MaxValue);
            }

            _limits = limits;
            _class = highest;
        }
    }

    /// <summary>Counts a request in, or says why it must wait.</summary>
    public RequestError? TryAdmit()
    {
        lock (_lock)
        {
            TurnDay();
            if (_limits.TokensPerDay is > 0 and var quota && _usedToday >= quota)
            {
                return RequestError.QuotaUsedUp(quota, UntilTomorrow());
            }

            if (_tokens is { IsOpen: false })
            {
                return RequestError.RateLimited("tokens", _tokens.PerMinute, _tokens.UntilOpen());
            }

            if (_requests is { IsOpen: false })
            {
                return RequestError.RateLimited("requests", _requests.PerMinute, _requests.UntilOpen());
            }

            _requests?.Take(1);
            return null;
        }
    }

    /// <summary>A place for one answer; null if as many are under way as may be.</summary>
    public AdmissionGate.Permit? TryEnter() => _gate.TryEnter();

    /// <summary>Answers that may be under way at once.</summary>
    public int Concurrency => _gate.Capacity;

    /// <summary>Takes off what a request came to.</summary>
    public void Charge(long tokens)
    {
        lock (_lock)
        {
            TurnDay();
            _usedToday += tokens;
            _tokens?.Take(tokens);
        }
    }

    /// <summary>Adds what was used before the server was started.</summary>
    public void Remember(DateOnly day, long tokens)
    {
        lock (_lock)
        {
            TurnDay();
            _usedToday += day == _day ? Math.Max(0, tokens) : 0;
        }
    }

    /// <summary>The class of a request.</summary>
    /// <param name="asked">What it named; null if nothing.</param>
    public RequestClass ClassOf(RequestClass? asked)
    {
        lock (_lock)
        {
            return _class is not { } highest ? asked ?? RequestClass.Default
                : asked is not { } wanted || wanted < highest ? highest
                : wanted;
        }
    }

    /// <summary>How far the limits are used up, for headers: requests a minute, and tokens a minute or else a day. Null where there is no limit.</summary>
    public (RateStatus? Requests, RateStatus? Tokens) Status()
    {
        lock (_lock)
        {
            TurnDay();
            var quota = _limits.TokensPerDay is > 0 and var perDay ? new RateStatus(perDay, Math.Max(0, perDay - _usedToday), UntilTomorrow()) : (RateStatus?)null;
            return (_requests?.Status(), _tokens?.Status() ?? quota);
        }
    }

    private static DateOnly Today(TimeProvider clock) => DateOnly.FromDateTime(clock.GetUtcNow().UtcDateTime);

    private void TurnDay()
    {
        if (Today(clock) is var today && today != _day)
        {
            (_day, _usedToday) = (today, 0);
        }
    }

    private TimeSpan UntilTomorrow() => _day.AddDays(1).ToDateTime(TimeOnly.MinValue) - clock.GetUtcNow().UtcDateTime;
}
