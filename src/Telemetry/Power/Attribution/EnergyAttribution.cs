namespace InferenceServer.Telemetry.Power.Attribution;

/// <summary>
/// Splits the joules of one channel's windows over the steps that ran in them, and each step's over its sequences. What goes in comes out:
/// the parts of a window add up to its joules. Pure; one thread at a time; allocates nothing.
/// </summary>
/// <remarks>
/// Within a window the time without a step is charged what the machine needs when idle, learned from windows without any step, and at most
/// its share of the window by time; the rest belongs to the steps, by time. Within a step, sequences pay by measured cost.
/// </remarks>
/// <param name="history">The steps.</param>
internal sealed class EnergyAttribution(StepHistory history)
{
    /// <summary>How fast the idle watts follow; some ten windows.</summary>
    private const double IdleWeight = 0.1;

    private long _cursor = history.Next;

    /// <summary>Learned watts without work; NaN until a window without a step was seen.</summary>
    public double IdleWatts { get; private set; } = double.NaN;

    /// <summary>All windows so far.</summary>
    public EnergyTotals Totals { get; private set; }

    /// <summary>Splits the next window. Windows come in order and do not overlap; every step that overlaps it is known.</summary>
    /// <param name="window">Which.</param>
    /// <param name="onShare">Gets every sequence's part: request, joules, prefill or decode, and seconds of its step within the window.</param>
    /// <param name="state">For <paramref name="onShare"/>.</param>
    public void Attribute<T>(in EnergyWindow window, ShareHandler<T> onShare, T state)
    {
        var (joules, from) = (window.Joules, window.From);
        if (history.ForgottenTo > from)
        {
            // What ran before the oldest known step is not known.
            var known = Math.Max(0, window.To - history.ForgottenTo) / window.Seconds;
            Totals += new EnergyTotals { Unknown = joules * (1 - known) };
            joules *= known;
            from = Math.Min(window.To, history.ForgottenTo);
        }

        SkipTo(from);
        var busy = CountBusySeconds(from, window.To);
        var idle = SplitIdle(joules, window.To - from, busy);
        Totals += new EnergyTotals { Idle = idle };
        if (busy > 0)
        {
            SplitSteps(from, window.To, (joules - idle) / busy, onShare, state);
        }
    }

    private void SkipTo(double from)
    {
        _cursor = Math.Max(_cursor, history.First);
        while (_cursor < history.Next && history[_cursor].To <= from)
        {
            _cursor++;
        }
    }

    private double CountBusySeconds(double from, double to)
    {
        var busy = 0.0;
        for (var step = _cursor; step < history.Next && history[step].From < to; step++)
        {
            busy += Overlap(history[step], from, to);
        }

        return busy;
    }

    private double SplitIdle(double joules, double seconds, double busy)
    {
        var idleSeconds = Math.Max(0, seconds - busy);
        if (busy <= 0)
        {
            if (seconds > 0)
            {
                var watts = joules / seconds;
                IdleWatts = double.IsNaN(IdleWatts) ? watts : IdleWatts + (IdleWeight * (watts - IdleWatts));
            }

            return joules;
        }

        var even = joules * idleSeconds / seconds;
        return double.IsNaN(IdleWatts) ? even : Math.Min(even, IdleWatts * idleSeconds);
    }

    private void SplitSteps<T>(double from, double to, double watts, ShareHandler<T> onShare, T state)
    {
        double prefill = 0, decode = 0, tokens = 0, seconds = 0;
        for (var step = _cursor; step < history.Next && history[step].From < to; step++)
        {
            var (stepFrom, stepTo) = history[step];
            var overlap = Overlap((stepFrom, stepTo), from, to);
            var part = overlap / (stepTo - stepFrom);
            seconds += overlap;
            for (var i = 0; i < history.CountShares(step); i++)
            {
                ref readonly var share = ref history.GetShare(step, i);
                var joules = watts * overlap * share.Share;
                tokens += share.NumOutputTokens * part;
                prefill += share.IsPrefill ? joules : 0;
                decode += share.IsPrefill ? 0 : joules;
                onShare(share, joules, overlap, state);
            }
        }

        Totals += new EnergyTotals { Prefill = prefill, Decode = decode, OutputTokens = tokens, StepSeconds = seconds };
    }

    private static double Overlap((double From, double To) step, double from, double to) => Math.Max(0, Math.Min(step.To, to) - Math.Max(step.From, from));
}

/// <summary>Takes one sequence's part of a window.</summary>
/// <param name="share">Whose and of what kind.</param>
/// <param name="joules">Its part.</param>
/// <param name="seconds">How much of its step lies in the window.</param>
/// <param name="state">The caller's.</param>
internal delegate void ShareHandler<in T>(in StepShare share, double joules, double seconds, T state);
