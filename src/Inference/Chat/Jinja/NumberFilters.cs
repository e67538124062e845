using System.Globalization;
using System.Numerics;

namespace InferenceServer.Inference.Chat.Jinja;

/// <summary>Filters that give numbers.</summary>
internal static class NumberFilters
{
    private const int MaxDigits = 4300;

    public static void AddTo(Dictionary<string, Filter> filters)
    {
        filters["int"] = ToInteger;
        filters["float"] = ToFloat;
        filters["abs"] = (input, _, _) => Required(input, "abs") is var number && Numbers.Compare(number, Zero) < 0 ? Numbers.Negate(number) : number;
        filters["round"] = Round;
    }

    private static readonly IntegerValue Zero = new(0, fromTemplate: true);

    private static NumberValue Required(Value value, string filter) => Numbers.Of(value) ?? throw (value is UndefinedValue undefined
        ? undefined.Failure()
        : Failures.Type($"bad operand type for {filter}(): '{value.TypeName}'"));

    private static Value ToInteger(Value input, Arguments arguments, RenderBudget budget)
    {
        var bound = arguments.Bind("int", "default", "base");
        var fallback = bound[0] ?? Zero;
        switch (input)
        {
            case UndefinedValue undefined:
                throw undefined.Failure();
            case TextValue text:
                return Parse(text, bound.Integer(1, 10)) ?? fallback;
            default:
                return Numbers.Of(input) switch
                {
                    IntegerValue integer => integer,
                    FloatValue real when double.IsFinite(real.Number) => new IntegerValue(new BigInteger(Math.Truncate(real.Number)), real.FromTemplate),
                    _ => fallback,
                };
        }
    }

    private static IntegerValue? Parse(TextValue text, int radix)
    {
        var digits = text.Text.Trim().Replace("_", "", StringComparison.Ordinal);
        if (digits.Length > MaxDigits)
        {
            return null;
        }

        if (radix == 16)
        {
            digits = digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? digits[2..] : digits;
            return BigInteger.TryParse("0" + digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var hexadecimal)
                ? new IntegerValue(hexadecimal, text.IsTemplate)
                : null;
        }

        if (BigInteger.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var integer))
        {
            return new IntegerValue(integer, text.IsTemplate);
        }

        return ParseFloat(text.Text) is { } real && double.IsFinite(real) ? new IntegerValue(new BigInteger(Math.Truncate(real)), text.IsTemplate) : null;
    }

    private static double? ParseFloat(string text) =>
        double.TryParse(text.Trim().Replace("_", "", StringComparison.Ordinal), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static Value ToFloat(Value input, Arguments arguments, RenderBudget budget)
    {
        var fallback = arguments.Bind("float", "default")[0] ?? new FloatValue(0, fromTemplate: true);
        return input switch
        {
            UndefinedValue undefined => throw undefined.Failure(),
            FloatValue real => real,
            TextValue text => ParseFloat(text.Text) is { } number ? new FloatValue(number, text.IsTemplate) : fallback,
            _ => Numbers.Of(input) is { } number ? new FloatValue(number.AsDouble, number.FromTemplate) : fallback,
        };
    }

    // A float whatever goes in, as jinja2 does it.
    private static FloatValue Round(Value input, Arguments arguments, RenderBudget budget)
    {
        var bound = arguments.Bind("round", "precision", "method");
        var number = Required(input, "round").AsDouble;
        var precision = Math.Clamp(bound.Integer(0, 0), -15, 15);
        var scale = Math.Pow(10, precision);
        var rounded = (bound.OptionalText(1)?.Text ?? "common") switch
        {
            // By the exact decimal digits: scaling first would round 42.55 up, which lies below its digits.
            "common" when precision > 0 => double.Parse(number.ToString("F" + precision, CultureInfo.InvariantCulture), CultureInfo.InvariantCulture),
            "common" => Math.Round(number * scale) / scale,
            "ceil" => Math.Ceiling(number * scale) / scale,
            "floor" => Math.Floor(number * scale) / scale,
            _ => throw Failures.Type("method must be common, ceil or floor"),
        };
        return new FloatValue(rounded, Required(input, "round").FromTemplate);
    }
}
