using System.Globalization;
using System.Numerics;

namespace InferenceServer.Inference.Grammar.Json;

/// <summary>A decimal number as it is written, exact, and whether it belongs to the range that it bounds.</summary>
/// <param name="Unscaled">The number without its point; not divisible by ten unless the scale is zero or it is zero.</param>
/// <param name="Scale">Digits after the point, at least 0.</param>
/// <param name="IsExclusive">True: the number itself is outside.</param>
internal readonly record struct DecimalBound(BigInteger Unscaled, int Scale, bool IsExclusive)
{
    // Doubles end at 308.
    private const int MaxExponent = 400;

    /// <summary>Zero.</summary>
    public static DecimalBound Zero(bool isExclusive) => new(BigInteger.Zero, 0, isExclusive);

    /// <summary>True if there is nothing after the point.</summary>
    public bool IsInteger => Scale == 0;

    /// <summary>The sign: -1, 0 or 1.</summary>
    public int Sign => Unscaled.Sign;

    /// <summary>The number with the other sign.</summary>
    public DecimalBound Negate() => this with { Unscaled = -Unscaled };

    /// <summary>Digits before the point, at least one, without sign.</summary>
    public string WholeDigits => BigInteger.Divide(BigInteger.Abs(Unscaled), BigInteger.Pow(10, Scale)).ToString(CultureInfo.InvariantCulture);

    /// <summary>Digits after the point, none at its end being zero.</summary>
    public string FractionDigits => Scale == 0
        ? ""
        : BigInteger.Remainder(BigInteger.Abs(Unscaled), BigInteger.Pow(10, Scale)).ToString(CultureInfo.InvariantCulture).PadLeft(Scale, '0');

    /// <summary>Reads a JSON number; null if its exponent is beyond that of a double.</summary>
    public static DecimalBound? Parse(string text, bool isExclusive)
    {
        var exponentAt = text.IndexOfAny(['e', 'E']);
        var exponent = 0;
        if (exponentAt >= 0 && (!int.TryParse(text.AsSpan(exponentAt + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out exponent) || Math.Abs(exponent) > MaxExponent))
        {
            return null;
        }

        var mantissa = exponentAt >= 0 ? text[..exponentAt] : text;
        var point = mantissa.IndexOf('.', StringComparison.Ordinal);
        var scale = (point >= 0 ? mantissa.Length - point - 1 : 0) - exponent;
        if (mantissa.Length > MaxExponent)
        {
            return null;
        }

        var unscaled = BigInteger.Parse(mantissa.Replace(".", "", StringComparison.Ordinal), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        if (scale < 0)
        {
            unscaled *= BigInteger.Pow(10, -scale);
            scale = 0;
        }

        while (scale > 0 && unscaled % 10 == 0)
        {
            unscaled /= 10;
            scale--;
        }

        return new DecimalBound(unscaled, scale, isExclusive);
    }

    /// <summary>Compares the numbers, not whether they belong to their ranges.</summary>
    public int CompareNumber(DecimalBound other) =>
        (Unscaled * BigInteger.Pow(10, other.Scale)).CompareTo(other.Unscaled * BigInteger.Pow(10, Scale));

    /// <summary>The tighter of two lower bounds.</summary>
    public static DecimalBound? Higher(DecimalBound? left, DecimalBound? right) => Tighter(left, right, 1);

    /// <summary>The tighter of two upper bounds.</summary>
    public static DecimalBound? Lower(DecimalBound? left, DecimalBound? right) => Tighter(left, right, -1);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Unscaled}e-{Scale}{(IsExclusive ? " exclusive" : "")}");

    private static DecimalBound? Tighter(DecimalBound? left, DecimalBound? right, int sign)
    {
        if (left is not { } a || right is not { } b)
        {
            return left ?? right;
        }

        var order = a.CompareNumber(b) * sign;
        return order > 0 || (order == 0 && a.IsExclusive) ? a : b;
    }
}
