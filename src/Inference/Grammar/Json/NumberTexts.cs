using System.Collections.Immutable;
using System.Numerics;
using InferenceServer.Inference.Grammar.Text;

namespace InferenceServer.Inference.Grammar.Json;

/// <summary>
/// The texts of all numbers in a range, exact: an automaton that compares digit by digit with both bounds. Without
/// exponent. A number has at most 18 digits before its point where no bound says otherwise, and so many digits in all as a
/// double tells apart (15), so that whoever reads it as a double finds it inside the range as well. One use, one thread.
/// </summary>
internal sealed class NumberTexts
{
    private const int MaxWholeDigits = 18;
    private const int MaxDigits = 15;

    // A bound with more digits than that is no bound for a number of 18.
    private const int MaxBoundDigits = 40;

    private readonly TextNfa _nfa;
    private readonly bool _isInteger;
    private readonly Dictionary<(int Kind, int Length, int Position, bool IsLow, bool IsHigh), int> _states = [];
    private DecimalBound _low;
    private DecimalBound? _high;
    private string _lowWhole = "";
    private string _lowFraction = "";
    private string _highWhole = "";
    private string _highFraction = "";

    private NumberTexts(TextNfa nfa, bool isInteger)
    {
        _nfa = nfa;
        _isInteger = isInteger;
    }

    /// <summary>The texts of the numbers from <paramref name="low"/> to <paramref name="high"/>; null for no bound.</summary>
    public static TextDfa InRange(bool isInteger, DecimalBound? low, DecimalBound? high, CompileBudget budget, string place)
    {
        low = low is { Sign: < 0 } l && l.WholeDigits.Length > MaxBoundDigits ? null : low;
        high = high is { Sign: > 0 } h && h.WholeDigits.Length > MaxBoundDigits ? null : high;
        var nfa = new TextNfa(budget, place);
        nfa.Accept = nfa.AddState();
        if (high is not { Sign: < 0 })
        {
            new NumberTexts(nfa, isInteger).AddMagnitudes(0, low is { Sign: >= 0 } ? low.Value : DecimalBound.Zero(isExclusive: false), high);
        }

        if (low is not { Sign: >= 0 })
        {
            var negative = nfa.AddState();
            nfa.Add(0, '-', '-', negative);
            new NumberTexts(nfa, isInteger).AddMagnitudes(negative, high is { Sign: < 0 } ? high.Value.Negate() : DecimalBound.Zero(isExclusive: true), low?.Negate());
        }

        return TextDeterminizer.Determinize(nfa, hasBorders: false, budget, place);
    }

    /// <summary>The texts of all multiples of an integer, leading zeros included.</summary>
    public static TextDfa MultiplesOf(BigInteger divisor, CompileBudget budget, string place)
    {
        TextDeterminizer.CheckSize(divisor > GrammarLimits.MaxTextStates ? GrammarLimits.MaxTextStates : (int)divisor + 2, place);
        var modulus = (int)divisor;
        budget.SpendText(modulus * 10, place);
        var edges = ImmutableArray.CreateBuilder<TextDfa.Edges>(modulus + 2);
        edges.Add(new TextDfa.Edges([('-', '-', 1), .. Digits(0)]));
        edges.Add(new TextDfa.Edges([.. Digits(0)]));
        for (var remainder = 0; remainder < modulus; remainder++)
        {
            edges.Add(new TextDfa.Edges([.. Digits(remainder)]));
        }

        return new TextDfa(edges.MoveToImmutable(), [false, false, true, .. Enumerable.Repeat(false, modulus - 1)]);

        IEnumerable<(int, int, int)> Digits(int remainder) =>
            Enumerable.Range(0, 10).Select(digit => ('0' + digit, '0' + digit, 2 + (int)((((long)remainder * 10) + digit) % modulus)));
    }

    private void AddMagnitudes(int from, DecimalBound low, DecimalBound? high)
    {
        if (high is { } bound && bound.CompareNumber(low) < 0)
        {
            return;
        }

        (_low, _high) = (low, high);
        (_lowWhole, _lowFraction) = (low.WholeDigits, low.FractionDigits);
        (_highWhole, _highFraction) = (high?.WholeDigits ?? "", high?.FractionDigits ?? "");
        var longest = high is null ? Math.Max(MaxWholeDigits, _lowWhole.Length) : _highWhole.Length;
        for (var length = _lowWhole.Length; length <= longest; length++)
        {
            _nfa.AddEmpty(from, Whole(length, 0, length == _lowWhole.Length, high is not null && length == _highWhole.Length));
        }
    }

    /// <summary>The state before a digit of the whole part. Low and high: so far the digits equal those of the bound.</summary>
    private int Whole(int length, int position, bool isLow, bool isHigh)
    {
        if (position == length)
        {
            return Fraction(length, 0, isLow, isHigh);
        }

        if (!TryAdd((0, length, position, isLow, isHigh), out var state))
        {
            return state;
        }

        var first = isLow ? _lowWhole[position] - '0' : position == 0 && length > 1 ? 1 : 0;
        var last = isHigh ? _highWhole[position] - '0' : 9;
        for (var digit = first; digit <= last; digit++)
        {
            var next = Whole(length, position + 1, isLow && digit == _lowWhole[position] - '0', isHigh && digit == _highWhole[position] - '0');
            _nfa.Add(state, '0' + digit, '0' + digit, next);
        }

        return state;
    }

    /// <summary>The state after a number of digits of the fraction; before the point if there are none.</summary>
    private int Fraction(int length, int position, bool isLow, bool isHigh)
    {
        if (!TryAdd((1, length, position, isLow, isHigh), out var state))
        {
            return state;
        }

        // What follows is taken as zeros: then the number is the bound itself if its digits are used up.
        var isAboveLow = !isLow || (position >= _lowFraction.Length && !_low.IsExclusive);
        var isBelowHigh = !isHigh || position < _highFraction.Length || !_high!.Value.IsExclusive;
        if (isAboveLow && isBelowHigh)
        {
            _nfa.AddEmpty(state, _nfa.Accept);
        }

        var longest = Math.Max(Math.Max(1, MaxDigits - length), Math.Max(_lowFraction.Length, _highFraction.Length));
        if (_isInteger || position == longest)
        {
            return state;
        }

        var digits = state;
        if (position == 0)
        {
            digits = _nfa.AddState();
            _nfa.Add(state, '.', '.', digits);
        }

        var first = isLow && position < _lowFraction.Length ? _lowFraction[position] - '0' : 0;
        var last = !isHigh ? 9 : position < _highFraction.Length ? _highFraction[position] - '0' : 0;
        for (var digit = first; digit <= last; digit++)
        {
            _nfa.Add(digits, '0' + digit, '0' + digit, Fraction(length, position + 1, isLow && digit == first, isHigh && digit == last));
        }

        return state;
    }

    private bool TryAdd((int Kind, int Length, int Position, bool IsLow, bool IsHigh) key, out int state)
    {
        if (_states.TryGetValue(key, out state))
        {
            return false;
        }

        state = _nfa.AddState();
        _states.Add(key, state);
        return true;
    }
}
