using System.Globalization;
using System.Numerics;

namespace InferenceServer.Inference.Chat.Jinja;

/// <summary>Prints a number for a conversion letter of <c>%</c> or <c>str.format</c>, without padding.</summary>
internal static class NumberFormat
{
    // Digits after the point: more than any double has.
    private const int MaxPrecision = 400;

    /// <param name="number">The number.</param>
    /// <param name="conversion">One of <c>d i u x X o b e E f F g G %</c>.</param>
    /// <param name="precision">Digits after the point, or significant ones for <c>g</c>; null means Python's default.</param>
    /// <param name="grouping">Between thousands; 0 for none.</param>
    /// <param name="prefixed">True: mark hexadecimal, octal and binary.</param>
    public static string Format(NumberValue number, char conversion, int? precision, char grouping = '\0', bool prefixed = false)
    {
        var digits = Math.Clamp(precision ?? 6, 0, MaxPrecision);
        var text = conversion switch
        {
            'd' or 'i' or 'u' or 'n' => Whole(number).ToString(CultureInfo.InvariantCulture),
            'x' => Radix(Whole(number), 16, prefixed ? "0x" : ""),
            'X' => Radix(Whole(number), 16, prefixed ? "0x" : "").ToUpperInvariant(),
            'o' => Radix(Whole(number), 8, prefixed ? "0o" : ""),
            'b' => Radix(Whole(number), 2, prefixed ? "0b" : ""),
            _ when !double.IsFinite(number.AsDouble) => FloatText.Format(number.AsDouble),
            'f' or 'F' => number.AsDouble.ToString("F" + digits, CultureInfo.InvariantCulture),
            '%' => (number.AsDouble * 100).ToString("F" + digits, CultureInfo.InvariantCulture) + "%",
            'e' or 'E' => Exponential(number.AsDouble, digits, conversion),
            'g' or 'G' => General(number.AsDouble, Math.Max(digits, 1), conversion),
            _ => throw Failures.Type($"Unknown format code '{conversion}' for object of type '{number.TypeName}'"),
        };
        return grouping == '\0' ? text : Group(text, grouping);
    }

    private static BigInteger Whole(NumberValue number) => number switch
    {
        IntegerValue integer => integer.Number,
        _ when double.IsFinite(number.AsDouble) => new BigInteger(Math.Truncate(number.AsDouble)),
        _ => throw Failures.Type("cannot convert float to integer"),
    };

    private static string Radix(BigInteger number, int radix, string prefix)
    {
        var digits = "";
        for (var rest = BigInteger.Abs(number); !rest.IsZero; rest /= radix)
        {
            digits = "0123456789abcdef"[(int)(rest % radix)] + digits;
        }

        return (number.Sign < 0 ? "-" : "") + prefix + (digits.Length == 0 ? "0" : digits);
    }

    private static string Exponential(double number, int digits, char letter)
    {
        var pattern = digits == 0 ? "0e+00" : "0." + new string('0', digits) + "e+00";
        var text = number.ToString(pattern, CultureInfo.InvariantCulture);
        return letter == 'E' ? text.ToUpperInvariant() : text;
    }

    private static string General(double number, int digits, char letter)
    {
        if (number == 0)
        {
            return "0";
        }

        var scientific = Exponential(number, digits - 1, 'e');
        var split = scientific.IndexOf('e', StringComparison.Ordinal);
        var exponent = int.Parse(scientific.AsSpan(split + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var text = exponent < -4 || exponent >= digits
            ? TrimZeros(scientific[..split]) + scientific[split..]
            : TrimZeros(number.ToString("F" + Math.Clamp(digits - 1 - exponent, 0, MaxPrecision), CultureInfo.InvariantCulture));
        return letter == 'G' ? text.ToUpperInvariant() : text;
    }

    private static string TrimZeros(string text) => text.Contains('.', StringComparison.Ordinal) ? text.TrimEnd('0').TrimEnd('.') : text;

    private static string Group(string text, char separator)
    {
        var start = text.StartsWith('-') ? 1 : 0;
        var end = text.IndexOfAny(['.', 'e', 'E', '%']);
        end = end < 0 ? text.Length : end;
        for (var i = end - 3; i > start; i -= 3)
        {
            text = text.Insert(i, separator.ToString());
        }

        return text;
    }
}
