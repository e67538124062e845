namespace InferenceServer.Server.Access;

/// <summary>
/// So much a minute, flowing in evenly, and at most a minute's worth in stock. What is used may exceed the stock: how many tokens a request
/// comes to is known when it is over, and until that debt is paid off nobody is let in. That is why this is no limiter of the framework's,
/// which know no debt. One thread at a time.
/// </summary>
/// <param name="perMinute">At least 1.</param>
/// <param name="clock">Tells how much has flowed in.</param>
internal sealed class Allowance(long perMinute, TimeProvider clock)
{
    private double _stock = perMinute;
    private long _lookedAt = clock.GetTimestamp();

    /// <summary>What flows in during a minute.</summary>
    public long PerMinute => perMinute;

    /// <summary>True if at least one is there.</summary>
    public bool IsOpen => Stock() >= 1;

    /// <summary>Uses some, whether they are there or not.</summary>
    public void Take(long count) => _stock = Stock() - count;

    /// <summary>How long until at least one is there.</summary>
    public TimeSpan UntilOpen() => Until(1);

    /// <summary>As a header tells it.</summary>
    public RateStatus Status() => new(perMinute, (long)Math.Max(0, Math.Floor(Stock())), Until(perMinute));

    private TimeSpan Until(double stock) => TimeSpan.FromMinutes(Math.Max(0, stock - Stock()) / perMinute);

    private double Stock()
    {
        var now = clock.GetTimestamp();
        _stock = Math.Min(perMinute, _stock + (clock.GetElapsedTime(_lookedAt, now).TotalMinutes * perMinute));
        _lookedAt = now;
        return _stock;
    }
}

/// <summary>How far a limit is used up.</summary>
/// <param name="Limit">All there is.</param>
/// <param name="Remaining">What is left of it, at least 0.</param>
/// <param name="Reset">How long until all of it is there again.</param>
internal readonly record struct RateStatus(long Limit, long Remaining, TimeSpan Reset);
