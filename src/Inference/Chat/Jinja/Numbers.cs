using System.Numerics;

namespace InferenceServer.Inference.Chat.Jinja;

/// <summary>Python's arithmetic: integers of any size, floor division and modulo towards minus infinity, booleans as 0 and 1.</summary>
internal static class Numbers
{
    // Bits of the largest integer that may be made: far beyond any count, small enough to print at once.
    private const int MaxBits = 8192;

    private static readonly IntegerValue Zero = new(0, fromTemplate: false);
    private static readonly IntegerValue One = new(1, fromTemplate: false);

    /// <summary>The value as a number (a boolean is one); null if it is none.</summary>
    public static NumberValue? Of(Value? value) => value switch
    {
        NumberValue number => number,
        BoolValue boolean => boolean.IsTrue ? One : Zero,
        _ => null,
    };

    public static IntegerValue Counted(int number, bool fromTemplate) => new(number, fromTemplate);

    /// <summary>Order of two numbers; neither below, equal nor above (2) when one is not a number.</summary>
    public static int Compare(NumberValue left, NumberValue right)
    {
        if (left is IntegerValue a && right is IntegerValue b)
        {
            return Math.Sign(a.Number.CompareTo(b.Number));
        }

        var (x, y) = (left.AsDouble, right.AsDouble);
        return double.IsNaN(x) || double.IsNaN(y) ? 2 : x.CompareTo(y);
    }

    /// <summary>One of <c>+ - * / // % **</c> on two numbers.</summary>
    public static Value Apply(BinaryOperator operation, NumberValue left, NumberValue right)
    {
        var fromTemplate = left.FromTemplate && right.FromTemplate;
        if (operation == BinaryOperator.Divide)
        {
            return new FloatValue(left.AsDouble / NotZero(right, "division by zero").AsDouble, fromTemplate);
        }

        return left is IntegerValue a && right is IntegerValue b
            ? OfIntegers(operation, a.Number, b.Number, fromTemplate)
            : new FloatValue(OfFloats(operation, left.AsDouble, right.AsDouble), fromTemplate);
    }

    public static Value Negate(NumberValue value) =>
        value is IntegerValue integer ? new IntegerValue(-integer.Number, value.FromTemplate) : new FloatValue(-value.AsDouble, value.FromTemplate);

    /// <summary>A number small enough to count or to index with; far beyond any length when it is larger.</summary>
    public static int Clamp(BigInteger number) => (int)BigInteger.Clamp(number, -int.MaxValue, int.MaxValue);

    private static Value OfIntegers(BinaryOperator operation, BigInteger left, BigInteger right, bool fromTemplate)
    {
        switch (operation)
        {
            case BinaryOperator.Add:
                return Bounded(left + right, fromTemplate);
            case BinaryOperator.Subtract:
                return Bounded(left - right, fromTemplate);
            case BinaryOperator.Multiply:
                return Bounded(left * right, fromTemplate);
            case BinaryOperator.FloorDivide:
                return new IntegerValue(FloorDivide(left, right), fromTemplate);
            case BinaryOperator.Modulo:
                return new IntegerValue(left - (right * FloorDivide(left, right)), fromTemplate);
            default:
                if (right.Sign < 0)
                {
                    return new FloatValue(Math.Pow((double)left, (double)right), fromTemplate);
                }

                return left.IsZero || left.IsOne || right.IsZero || (right <= MaxBits && left.GetBitLength() * (long)right <= MaxBits)
                    ? new IntegerValue(left.IsZero && !right.IsZero ? 0 : left.IsOne ? 1 : BigInteger.Pow(left, (int)right), fromTemplate)
                    : throw TooLarge();
        }
    }

    private static double OfFloats(BinaryOperator operation, double left, double right) => operation switch
    {
        BinaryOperator.Add => left + right,
        BinaryOperator.Subtract => left - right,
        BinaryOperator.Multiply => left * right,
        BinaryOperator.FloorDivide => right == 0 ? throw ByZero("float floor division by zero") : Math.Floor(left / right),
        BinaryOperator.Modulo => right == 0 ? throw ByZero("float modulo") : left - (right * Math.Floor(left / right)),
        _ => Math.Pow(left, right),
    };

    private static BigInteger FloorDivide(BigInteger left, BigInteger right)
    {
        if (right.IsZero)
        {
            throw ByZero("integer division or modulo by zero");
        }

        var quotient = BigInteger.DivRem(left, right, out var remainder);
        return !remainder.IsZero && remainder.Sign != right.Sign ? quotient - 1 : quotient;
    }

    private static IntegerValue Bounded(BigInteger number, bool fromTemplate) =>
        number.GetBitLength() <= MaxBits ? new IntegerValue(number, fromTemplate) : throw TooLarge();

    private static NumberValue NotZero(NumberValue value, string message) => value.IsTrue ? value : throw ByZero(message);

    private static TemplateException ByZero(string message) => new(message, TemplateErrorKind.Evaluation);

    private static TemplateException TooLarge() => new("The chat template makes an integer that is too large.", TemplateErrorKind.LimitExceeded);
}
