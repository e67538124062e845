namespace InferenceServer.Telemetry.Power.Attribution;

/// <summary>
/// The last steps with their shares, numbered from 0 for ever: joules become known later than the steps they went into. Old steps give way to
/// new ones. Steps follow each other and do not overlap. Allocates only when made; one thread at a time.
/// </summary>
internal sealed class StepHistory
{
    private readonly Step[] _steps;
    private readonly StepShare[] _shares;
    private long _nextShare;

    /// <param name="numSteps">Steps kept at most; a power of two.</param>
    /// <param name="numShares">Shares kept at most; a power of two.</param>
    public StepHistory(int numSteps = 8192, int numShares = 32_768)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(int.PopCount(numSteps), 1);
        ArgumentOutOfRangeException.ThrowIfNotEqual(int.PopCount(numShares), 1);
        _steps = new Step[numSteps];
        _shares = new StepShare[numShares];

        // Their pages are made now: coming into memory one by one over the first hour, they would look like a leak.
        Array.Clear(_steps);
        Array.Clear(_shares);
    }

    /// <summary>Number of the oldest step that is still known.</summary>
    public long First { get; private set; }

    /// <summary>Number that the next step will have.</summary>
    public long Next { get; private set; }

    /// <summary>End of the newest step in seconds; negative infinity before the first.</summary>
    public double LastTo { get; private set; } = double.NegativeInfinity;

    /// <summary>Until here steps were forgotten; negative infinity if none was.</summary>
    public double ForgottenTo { get; private set; } = double.NegativeInfinity;

    /// <summary>The times of a step that is known, in seconds.</summary>
    public (double From, double To) this[long step] => (At(step).From, At(step).To);

    /// <summary>Adds the next step.</summary>
    /// <param name="from">Its start in seconds; what lies before the last step's end is cut off.</param>
    /// <param name="to">Its end.</param>
    /// <param name="shares">Of its sequences; brought to a sum of 1.</param>
    public void Add(double from, double to, ReadOnlySpan<StepShare> shares)
    {
        from = Math.Max(from, LastTo);
        if (!(to > from) || shares.Length > _shares.Length)
        {
            return;
        }

        while (First < Next && (Next - First == _steps.Length || _nextShare + shares.Length - At(First).FirstShare > _shares.Length))
        {
            ForgottenTo = At(First).To;
            First++;
        }

        _steps[Next & (_steps.Length - 1)] = new Step(from, to, _nextShare, shares.Length);
        Next++;
        LastTo = to;
        var sum = 0.0f;
        foreach (var share in shares)
        {
            sum += share.Share;
        }

        foreach (var share in shares)
        {
            _shares[_nextShare++ & (_shares.Length - 1)] = share with { Share = sum > 0 ? share.Share / sum : 1.0f / shares.Length };
        }
    }

    /// <summary>The number of sequences in a step that is known.</summary>
    public int CountShares(long step) => At(step).NumShares;

    /// <summary>What a sequence had of a step that is known.</summary>
    public ref readonly StepShare GetShare(long step, int index) => ref _shares[(At(step).FirstShare + index) & (_shares.Length - 1)];

    /// <summary>Seconds between two moments in which a known step ran.</summary>
    public double GetBusySeconds(double from, double to)
    {
        var seconds = 0.0;
        for (var step = Next - 1; step >= First && At(step).To > from; step--)
        {
            seconds += Math.Max(0, Math.Min(At(step).To, to) - Math.Max(At(step).From, from));
        }

        return seconds;
    }

    private ref readonly Step At(long step) => ref _steps[step & (_steps.Length - 1)];

    private readonly record struct Step(double From, double To, long FirstShare, int NumShares);
}
