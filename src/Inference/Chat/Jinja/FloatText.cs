using System.Globalization;

namespace InferenceServer.Inference.Chat.Jinja;

/// <summary>Prints floating-point numbers as Python's <c>repr</c> does: shortest digits, exponent below 1e-4 and from 1e16.</summary>
internal static class FloatText
{
    public static string Format(double number)
    {
        if (double.IsNaN(number))
        {
            return "nan";
        }

        if (double.IsInfinity(number))
        {
            return number > 0 ? "inf" : "-inf";
        }

        if (number == 0)
        {
            return double.IsNegative(number) ? "-0.0" : "0.0";
        }

        // E16 would print all 17 digits; R prints the shortest that read back as the same number.
        var shortest = number.ToString("R", CultureInfo.InvariantCulture);
        var (digits, exponent, negative) = Split(shortest);
        string text;
        if (exponent is < -4 or >= 16)
        {
            var mantissa = digits.Length == 1 ? digits : $"{digits[0]}.{digits.AsSpan(1)}";
            text = $"{mantissa}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
        }
        else if (exponent < 0)
        {
            text = "0." + new string('0', -exponent - 1) + digits;
        }
        else
        {
            text = digits.Length <= exponent + 1
                ? digits.PadRight(exponent + 1, '0') + ".0"
                : $"{digits.AsSpan(0, exponent + 1)}.{digits.AsSpan(exponent + 1)}";
        }

        return negative ? "-" + text : text;
    }

    // The significant digits without zeros at either end, and the power of ten of the first one.
    private static (string Digits, int Exponent, bool Negative) Split(string text)
    {
        var negative = text[0] == '-';
        var body = negative ? text[1..] : text;
        var exponent = 0;
        var e = body.IndexOf('E', StringComparison.Ordinal);
        if (e >= 0)
        {
            exponent = int.Parse(body.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
            body = body[..e];
        }

        var point = body.IndexOf('.', StringComparison.Ordinal);
        var whole = point < 0 ? body.Length : point;
        var all = point < 0 ? body : body.Remove(point, 1);
        var leading = all.Length - all.TrimStart('0').Length;
        return (all.Trim('0'), exponent + whole - 1 - leading, negative);
    }
}
