using System.Numerics;

namespace InferenceServer.Inference.Chat.Jinja;

/// <summary>The tests behind <c>is</c>.</summary>
internal static class Tests
{
    public static bool Holds(string name, Value value, Arguments arguments, RenderBudget budget)
    {
        budget.Spend();
        return name switch
        {
            "defined" => value is not UndefinedValue,
            "undefined" => value is UndefinedValue,
            "none" => value is NoneValue,
            "true" => ReferenceEquals(value, BoolValue.True),
            "false" => ReferenceEquals(value, BoolValue.False),
            "boolean" => value is BoolValue,
            "string" => value is TextValue,
            "integer" => value is IntegerValue,
            "float" => value is FloatValue,
            "number" => value is NumberValue or BoolValue,
            "mapping" => value is DictValue,
            // An undefined value has a length and iterates over nothing, so both hold for it, as in jinja2.
            "iterable" => value is TextValue or ListValue or DictValue or UndefinedValue,
            "sequence" => value is TextValue or ListValue { Kind: not SequenceKind.Generator } or DictValue or UndefinedValue,
            "callable" => value is CallableValue,
            "odd" => !Whole(value).IsEven,
            "even" => Whole(value).IsEven,
            "divisibleby" => IsDivisible(value, Operand(arguments)),
            "lower" => Text(value) is var text && text.Any(char.IsLower) && !text.Any(char.IsUpper),
            "upper" => Text(value) is var text && text.Any(char.IsUpper) && !text.Any(char.IsLower),
            "escaped" => false,
            "in" => Operators.Contains(Operand(arguments), value, budget),
            "sameas" => IsSame(value, Operand(arguments)),
            "eq" or "equalto" or "==" => Operators.AreEqual(value, Operand(arguments), budget),
            "ne" or "!=" => !Operators.AreEqual(value, Operand(arguments), budget),
            "lt" or "lessthan" or "<" => Operators.Compare(value, Operand(arguments), "<", budget) < 0,
            "le" or "<=" => Operators.Compare(value, Operand(arguments), "<=", budget) <= 0,
            "gt" or "greaterthan" or ">" => Operators.Compare(value, Operand(arguments), ">", budget) == 1,
            "ge" or ">=" => Operators.Compare(value, Operand(arguments), ">=", budget) is 0 or 1,
            "filter" => value is TextValue filter && Filters.Knows(filter.Text),
            _ => throw Failures.Type($"No test named '{name}'."),
        };

        string Text(Value tested)
        {
            budget.SpendValue(tested);
            return PythonText.Str(tested, budget).Text;
        }
    }

    private static Value Operand(Arguments arguments) => arguments.Bind("test", "other").Required(0);

    private static BigInteger Whole(Value value) => Numbers.Of(value) is IntegerValue integer
        ? integer.Number
        : throw (value is UndefinedValue undefined ? undefined.Failure() : Failures.Type($"'{value.TypeName}' is not an integer"));

    private static bool IsDivisible(Value value, Value divisor) =>
        Whole(divisor).IsZero ? throw Failures.Type("integer modulo by zero") : (Whole(value) % Whole(divisor)).IsZero;

    // Identity, except that equal scalars count as one object, as most of Python's do.
    private static bool IsSame(Value left, Value right) =>
        ReferenceEquals(left, right)
        || (left.GetType() == right.GetType() && left is TextValue or NumberValue && KeyComparer.Instance.Equals(left, right));
}
