namespace InferenceServer.Inference.Grammar;

/// <summary>What compiling one source has used up. One thread. Over a limit: <see cref="GrammarException"/>.</summary>
internal sealed class CompileBudget
{
    // A look at the clock costs some 25 ns: one in so many spendings is enough.
    private const int ClockInterval = 1_024;

    private readonly TimeProvider _clock;
    private readonly long _start;
    private long _textWork;
    private int _schemas;
    private int _untilClock = ClockInterval;

    /// <param name="clock">Tells the time; null for the system's.</param>
    public CompileBudget(TimeProvider? clock = null)
    {
        _clock = clock ?? TimeProvider.System;
        _start = _clock.GetTimestamp();
    }

    /// <summary>Counts elementary steps on regular expressions.</summary>
    public void SpendText(int steps, string place)
    {
        _textWork += steps;
        if (_textWork > GrammarLimits.MaxTextWork)
        {
            throw new GrammarException(GrammarErrorKind.TooComplex, "The patterns are too complex.", place);
        }

        CheckClock(place);
    }

    /// <summary>Counts a schema.</summary>
    public void SpendSchema(string place)
    {
        if (++_schemas > GrammarLimits.MaxSchemas)
        {
            throw new GrammarException(GrammarErrorKind.TooComplex, $"The schema has more than {GrammarLimits.MaxSchemas} parts after references and alternatives were multiplied out.", place);
        }

        CheckClock(place);
    }

    /// <summary>Refuses to go on when the time is over.</summary>
    public void CheckClock(string place)
    {
        if (--_untilClock > 0)
        {
            return;
        }

        _untilClock = ClockInterval;
        if (_clock.GetElapsedTime(_start) > GrammarLimits.MaxCompileTime)
        {
            throw new GrammarException(GrammarErrorKind.TooComplex, $"Compiling took longer than {GrammarLimits.MaxCompileTime.TotalSeconds:0} s.", place);
        }
    }
}
