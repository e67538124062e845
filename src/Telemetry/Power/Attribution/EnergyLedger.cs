namespace InferenceServer.Telemetry.Power.Attribution;

/// <summary>
/// Whose joules they were: takes the engine's steps from one side and the hardware's windows from the other, and keeps totals per boundary and
/// the accounts of running requests. Any thread; every call is short.
/// </summary>
public sealed class EnergyLedger
{
    // Windows that wait for a step to end: of a step longer than all of them together the oldest count as idle.
    private const int MaxPending = 256;

    // More requests than can run or wait: whoever opens an account and forgets to close it must not fill memory.
    private const int MaxRequests = 4096;

    private readonly Lock _sync = new();
    private readonly StepHistory _history = new();
    private readonly List<Account> _accounts = [];
    private readonly Dictionary<long, RequestAccount> _requests = [];
    private volatile bool _isUsed;

    /// <summary>
    /// Since when the engine computes its present step, in seconds on <see cref="MonotonicClock"/>; positive infinity while it does not. A step is
    /// known only when it has ended: until then, the joules of its time wait.
    /// </summary>
    public Func<double> RunningSince { get; set; } = static () => double.PositiveInfinity;

    /// <summary>Has all steps that have ended reported by <see cref="AddStep"/> before it returns.</summary>
    public Action ReadSteps { get; set; } = static () => { };

    /// <summary>False: no channel of a boundary was found, so that steps are not worth reporting.</summary>
    public bool IsUsed => _isUsed;

    /// <summary>Accounts that were opened and not yet closed.</summary>
    internal int NumOpen
    {
        get
        {
            lock (_sync)
            {
                return _requests.Count;
            }
        }
    }

    /// <summary>A step has ended.</summary>
    /// <param name="from">Its start in seconds on <see cref="MonotonicClock"/>.</param>
    /// <param name="to">Its end.</param>
    /// <param name="shares">What its sequences had of it.</param>
    public void AddStep(double from, double to, ReadOnlySpan<StepShare> shares)
    {
        if (!_isUsed)
        {
            return;
        }

        lock (_sync)
        {
            _history.Add(from, to, shares);
        }
    }

    /// <summary>Opens an account for a request whose steps are to come. Every account must be closed.</summary>
    public void Open(long requestId)
    {
        if (!_isUsed)
        {
            return;
        }

        lock (_sync)
        {
            if (_requests.Count < MaxRequests)
            {
                _requests[requestId] = new RequestAccount();
            }
        }
    }

    /// <summary>Closes a request's account.</summary>
    /// <returns>By boundary; nothing for a boundary of which not every channel published while the request ran.</returns>
    public IReadOnlyDictionary<EnergyBoundary, RequestEnergy> Close(long requestId)
    {
        var result = new Dictionary<EnergyBoundary, RequestEnergy>();
        if (!_isUsed)
        {
            return result;
        }

        ReadSteps();
        lock (_sync)
        {
            if (!_requests.ContainsKey(requestId))
            {
                return result;
            }

            Settle(double.NegativeInfinity);
            _requests.Remove(requestId, out var request);
            foreach (var boundary in _accounts.Select(account => account.Channel.Boundary).Distinct())
            {
                if (request!.Sum(_accounts, boundary) is { } energy)
                {
                    result.Add(boundary, energy);
                }
            }
        }

        return result;
    }

    /// <summary>Totals of a boundary since start: what its channels published, as far as the steps of that time are known.</summary>
    public EnergyTotals GetTotals(EnergyBoundary boundary)
    {
        lock (_sync)
        {
            return _accounts.Where(account => account.Channel.Boundary == boundary)
                .Aggregate(default(EnergyTotals), (sum, account) => sum + account.Attribution.Totals);
        }
    }

    /// <summary>Joules of steps per generated token over the last minute; NaN if there were no tokens, or a channel of the boundary does not tell.</summary>
    public double GetJoulesPerToken(EnergyBoundary boundary, double now)
    {
        lock (_sync)
        {
            var sum = double.NaN;
            foreach (var account in _accounts)
            {
                if (account.Channel.Boundary == boundary)
                {
                    sum = (double.IsNaN(sum) ? 0 : sum) + account.Rate.JoulesPerToken(now);
                    if (double.IsNaN(sum))
                    {
                        return sum;
                    }
                }
            }

            return sum;
        }
    }

    /// <summary>The boundaries that have channels.</summary>
    internal IReadOnlyList<EnergyBoundary> GetBoundaries()
    {
        lock (_sync)
        {
            return [.. _accounts.Select(account => account.Channel.Boundary).Distinct()];
        }
    }

    /// <summary>True if a channel's joules are those of its boundary.</summary>
    internal bool Counts(PowerChannel channel)
    {
        lock (_sync)
        {
            return Find(channel) is not null;
        }
    }

    /// <summary>Share of a time in which steps ran that have been reported, or run now; 0 to 1.</summary>
    internal double GetBusyShare(double from, double to)
    {
        if (!(to > from))
        {
            return 0;
        }

        var running = Math.Max(0, to - Math.Max(from, RunningSince()));
        ReadSteps();
        lock (_sync)
        {
            return Math.Min(1, (_history.GetBusySeconds(from, to) + running) / (to - from));
        }
    }

    /// <summary>A source was opened: its channels with a boundary have accounts from now on, unless another provider's fill that boundary already.</summary>
    internal void Register(PowerChannel channel)
    {
        lock (_sync)
        {
            if (TellsEnergy(channel) && Find(channel) is null
                && !_accounts.Exists(account => account.Channel.Boundary == channel.Boundary && account.Channel.Provider != channel.Provider))
            {
                _accounts.Add(new Account(channel, _history));
                _isUsed = true;
            }
        }
    }

    /// <summary>Joules became known.</summary>
    /// <param name="channel">Whose.</param>
    /// <param name="window">When and how many.</param>
    /// <param name="now">Not after this call.</param>
    internal void AddWindow(PowerChannel channel, in EnergyWindow window, double now)
    {
        if (!Counts(channel))
        {
            return;
        }

        // In this order: what ended before the first look is read by the second, and what runs at the first is seen there.
        var knownTo = Math.Min(RunningSince(), now);
        ReadSteps();
        lock (_sync)
        {
            var account = Find(channel)!;

            account.Pending.Enqueue(window);
            if (account.Pending.Count > MaxPending)
            {
                SettleOne(account);
            }

            Settle(knownTo);
        }
    }

    private static bool TellsEnergy(PowerChannel channel) =>
        channel.Boundary != EnergyBoundary.None && channel.Quantity is PowerQuantity.Energy or PowerQuantity.Power && channel.TellsEnergy;

    private Account? Find(PowerChannel channel)
    {
        foreach (var account in _accounts)
        {
            if (account.Channel.Quantity == channel.Quantity && account.Channel.Id == channel.Id)
            {
                return account;
            }
        }

        return null;
    }

    // Splits every window whose steps have all been reported: those until the last one's end, and until a moment when no other ran.
    private void Settle(double knownTo)
    {
        knownTo = Math.Max(knownTo, _history.LastTo);
        foreach (var account in _accounts)
        {
            while (account.Pending.TryPeek(out var window) && window.To <= knownTo)
            {
                SettleOne(account);
            }
        }
    }

    private void SettleOne(Account account)
    {
        var window = account.Pending.Dequeue();
        if (account.Rate.IsEmpty)
        {
            account.Rate.Observe(window.From, account.Attribution.Totals);
        }

        account.Attribution.Attribute(
            window,
            static (in StepShare share, double joules, double seconds, (EnergyLedger Ledger, int Index) at) =>
            {
                if (at.Ledger._requests.TryGetValue(share.RequestId, out var request))
                {
                    request.Add(at.Index, share.IsPrefill, joules, seconds);
                }
            },
            (this, _accounts.IndexOf(account)));
        account.Rate.Observe(window.To, account.Attribution.Totals);
    }

    /// <summary>One channel's joules.</summary>
    private sealed class Account(PowerChannel channel, StepHistory history)
    {
        public PowerChannel Channel { get; } = channel;

        public EnergyAttribution Attribution { get; } = new(history);

        public EnergyRate Rate { get; } = new();

        public Queue<EnergyWindow> Pending { get; } = new();
    }

    /// <summary>One request's joules, by the index of the channel's account.</summary>
    private sealed class RequestAccount
    {
        private readonly List<RequestEnergy> _byAccount = [];

        public void Add(int account, bool isPrefill, double joules, double seconds)
        {
            while (_byAccount.Count <= account)
            {
                _byAccount.Add(default);
            }

            var sum = _byAccount[account];
            _byAccount[account] = new RequestEnergy(
                sum.PrefillJoules + (isPrefill ? joules : 0), sum.DecodeJoules + (isPrefill ? 0 : joules), sum.MeasuredSeconds + seconds);
        }

        // Null if one channel of the boundary has nothing: the others' joules would look like all.
        public RequestEnergy? Sum(List<Account> accounts, EnergyBoundary boundary)
        {
            var sum = new RequestEnergy(0, 0, double.PositiveInfinity);
            for (var i = 0; i < accounts.Count; i++)
            {
                if (accounts[i].Channel.Boundary != boundary)
                {
                    continue;
                }

                if (i >= _byAccount.Count || _byAccount[i].MeasuredSeconds <= 0)
                {
                    return null;
                }

                sum = new RequestEnergy(
                    sum.PrefillJoules + _byAccount[i].PrefillJoules,
                    sum.DecodeJoules + _byAccount[i].DecodeJoules,
                    Math.Min(sum.MeasuredSeconds, _byAccount[i].MeasuredSeconds));
            }

            return double.IsFinite(sum.MeasuredSeconds) ? sum : null;
        }
    }
}
